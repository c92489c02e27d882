import { lockSettings } from '../courtesy/lock-settings.ts';
import type { Reply, Session } from '../ports.ts';
import type { Segment } from '../model.ts';
import { chunksOf } from './chunks.ts';
import { checkInside, checksInside } from './check-inside.ts';
import { MessageBuilder, opening, settling, timedGroups, type Message } from './message.ts';
import { placeError } from './place-error.ts';
import type { ApplyContext, PreparedStep } from './prepared.ts';
import { readAsSent } from './session-traps.ts';
import type { StepResult } from './segments.ts';
import { close, guarding, settingsBefore, textOf, type Position, type Recording } from './step-message.ts';

interface Terms {
  readonly segment: Segment;
  readonly position: Position;
  readonly recording: Recording | undefined;
  readonly stands: boolean;
}

const copyPiece = 256 * 1024;

/**
 * A segment too large for one message, or one with COPY … FROM stdin: several awaited messages of one transaction. The
 * first enters, the last records and commits; `godwit.record` refuses if the transaction between them was another one.
 */
export async function streamSegment(
  context: ApplyContext,
  session: Session,
  prepared: PreparedStep,
  terms: Terms,
): Promise<StepResult> {
  const { segment, position } = terms;
  const guards = guarding(prepared, segment, 'before');
  const first = new MessageBuilder()
    .own('before', opening(position.epoch, position.head, prepared.analysis))
    .own('before', await settingsBefore(prepared, segment.first))
    .own('before', guards)
    .build();
  const opened = await session.send(first.text);
  if (!opened.ok) return refuse(session, prepared, terms, { reply: opened, message: first });

  const waits = lockSettings(prepared, segment, guards.length > 0);
  // The end of the last group is noted by the record itself.
  const ticks = new Set(
    timedGroups(segment)
      .slice(0, -1)
      .map((group) => group.last),
  );
  for (let index = segment.first; index <= segment.last; index += 1) {
    if (context.ports.signal.aborted) {
      await session.send('ROLLBACK');
      return { kind: 'interrupted', stands: terms.stands };
    }
    const wait = waits.get(index);
    if (wait !== undefined) await session.send(wait);
    const failed = await sendStatement(session, prepared, index, ticks.has(index));
    if (failed !== undefined) return refuse(session, prepared, terms, failed);
  }

  if (terms.recording !== undefined && checksInside(prepared)) {
    const checked = await checkInside(context, session, prepared);
    if (checked.kind === 'refused') {
      const message = new MessageBuilder().own('after', settling).build();
      return refuse(session, prepared, terms, { reply: checked.refusal, message });
    }
    if (checked.kind === 'failed') {
      await session.send('ROLLBACK');
      return { kind: 'stopped', finding: checked.finding, stands: terms.stands };
    }
  }
  const last = close(new MessageBuilder(), prepared, segment, terms);
  const reply = await session.send(last.text, { rows: last.recordedAt });
  if (!reply.ok) return refuse(session, prepared, terms, { reply, message: last });
  return { kind: 'applied', head: position.head, ms: Number(reply.results[0]?.rows[0]?.[0] ?? 0) };
}

interface Failure {
  readonly reply: Extract<Reply, { readonly ok: false }>;
  readonly message: Message;
}

async function sendStatement(
  session: Session,
  prepared: PreparedStep,
  index: number,
  tick: boolean,
): Promise<Failure | undefined> {
  const statement = prepared.analysis.statements[index];
  if (statement === undefined) throw new Error(`no statement ${index}`);
  if (statement.kind === 'copy-in' && statement.data !== undefined) {
    const message = new MessageBuilder().user(index, await textOf(prepared.body, statement), statement).build();
    const reply = await session.copyIn(message.pieces[0]?.text ?? '', dataOf(prepared, statement.data));
    if (!reply.ok) return { reply, message };
    if (tick) await session.send(new MessageBuilder().tick().build().text);
    return undefined;
  }
  for await (const chunk of chunksOf(prepared.body, statement)) {
    const builder = new MessageBuilder().user(index, await textOf(prepared.body, chunk), chunk);
    if (statement.leaves?.includes('settings') === true) builder.own('after', readAsSent);
    const message = (tick && chunk.end === statement.end ? builder.tick() : builder).build();
    const reply = await session.send(message.text);
    if (!reply.ok) return { reply, message };
  }
  return undefined;
}

async function* dataOf(
  prepared: PreparedStep,
  span: { readonly start: number; readonly end: number },
): AsyncGenerator<Uint8Array> {
  for (let at = span.start; at < span.end; at += copyPiece)
    yield await prepared.body.read(at, Math.min(at + copyPiece, span.end));
}

async function refuse(session: Session, prepared: PreparedStep, terms: Terms, failure: Failure): Promise<StepResult> {
  const { reply, message } = failure;
  if (!reply.error.lost) await session.send('ROLLBACK');
  const placing = { message, analysis: prepared.analysis, file: prepared.step.file, partial: terms.stands };
  return { kind: 'refused', refusal: reply, finding: placeError(reply, placing), stands: terms.stands };
}
