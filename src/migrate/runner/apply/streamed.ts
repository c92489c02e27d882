import { guardSetting, lockSettings } from '../lock-waits/lock-settings.ts';
import type { RowGuardStop } from '../rollback/row-guard.ts';
import type { Reply, Session } from '../../contract/ports.ts';
import type { Segment, Statement } from '../../contract/model.ts';
import { chunksOf } from './chunks.ts';
import { checkInside, checksInside } from './check-inside.ts';
import { MessageBuilder, notedAgain, readOnly, settling, type Message } from './message.ts';
import { timedGroups, type TimedGroup } from '../../read/statement-groups.ts';
import { noteLooks } from './looking.ts';
import { placeError } from './place-error.ts';
import type { ApplyContext, PreparedStep } from './prepared.ts';
import { readAsSent } from './session-traps.ts';
import type { StepResult } from './step-result.ts';
import {
  close,
  keepingOf,
  openingOf,
  settingsBefore,
  statementText,
  type ChainPosition,
  type Recording,
} from './step-message.ts';

interface StreamContext {
  readonly segment: Segment;
  readonly position: ChainPosition;
  readonly recording: Recording | undefined;
  readonly partlyApplied: boolean;
}

const copyPiece = 256 * 1024;

/**
 * A segment too large for one message, one with COPY … FROM stdin, or one that destroys rows: several awaited messages
 * of one transaction. The first enters, the last records and commits; `godwit.record` refuses if it runs in a different
 * transaction.
 *
 * @param guard counts, between the messages, the rows that the segment destroys
 */
export async function streamSegment(
  context: ApplyContext,
  session: Session,
  prepared: PreparedStep,
  options: StreamContext,
): Promise<StepResult> {
  const { segment, position } = options;
  const guard = prepared.guard?.over(segment);
  const first = new MessageBuilder()
    .own('before', openingOf(prepared, segment, position, options.recording))
    .own('before', await settingsBefore(prepared, segment.first))
    .own('before', guard === undefined ? [] : guardSetting(prepared))
    .own('before', segment.modes?.readOnly === true ? readOnly.before : [])
    .build();
  const opened = await session.send(first.text);
  if (!opened.ok) return refuse(session, prepared, options, { reply: opened, message: first });

  const { together } = options.recording ?? {};
  const waits = lockSettings(prepared, segment, { guarded: guard !== undefined, held: together?.held === true });
  const groups = timedGroups(segment);
  // The record itself notes the end of the last group.
  const ticks = new Set(groups.slice(0, -1).map((group) => group.last));
  for (let index = segment.first; index <= segment.last; index += 1) {
    if (context.ports.signal.aborted) {
      await session.send('ROLLBACK');
      return { kind: 'interrupted', partlyApplied: options.partlyApplied };
    }
    const wait = waits.get(index);
    if (wait !== undefined) await session.send(wait);
    const stop = await guard?.before(session, index);
    if (stop !== undefined) return stopped(session, prepared, options, { stop, index });
    const failed = await sendStatement(session, prepared, index, { groups, tick: ticks.has(index) });
    if (failed !== undefined) return refuse(session, prepared, options, failed);
  }

  if (guard !== undefined) {
    const settled = new MessageBuilder().own('after', settling).build();
    const settles = await session.send(settled.text);
    if (!settles.ok) return refuse(session, prepared, options, { reply: settles, message: settled });
    const stop = await guard.after(session);
    if (stop !== undefined) return stopped(session, prepared, options, { stop, index: segment.last });
  }
  if (options.recording !== undefined && checksInside(prepared)) {
    const checked = await checkInside(context, session, prepared);
    if (checked.kind === 'refused') {
      const message = new MessageBuilder().own('after', settling).build();
      return refuse(session, prepared, options, { reply: checked.refusal, message });
    }
    if (checked.kind === 'failed') {
      await session.send('ROLLBACK');
      return { kind: 'stopped', finding: checked.finding, partlyApplied: options.partlyApplied };
    }
  }
  const keeping = await keepingOf(prepared, position.run, options.recording);
  const last = close(new MessageBuilder(), prepared, segment, { ...options, keeping });
  const reply = await session.send(last.text, { rows: last.recordedAt });
  if (!reply.ok) return refuse(session, prepared, options, { reply, message: last });
  return { kind: 'applied', head: position.head, ms: Number(reply.results[0]?.rows[0]?.[0] ?? 0) };
}

interface StreamFailure {
  readonly reply: Extract<Reply, { readonly ok: false }>;
  readonly message: Message;
  /** Where the data of a COPY begin. */
  readonly dataLine?: number;
}

async function sendStatement(
  session: Session,
  prepared: PreparedStep,
  index: number,
  { groups, tick }: { readonly groups: readonly TimedGroup[]; readonly tick: boolean },
): Promise<StreamFailure | undefined> {
  const statement = prepared.analysis.statements[index];
  if (statement === undefined) throw new Error(`no statement ${index}`);
  if (statement.kind === 'copy-in' && statement.data !== undefined) {
    const message = new MessageBuilder().user(index, await statementText(prepared.body, statement), statement).build();
    const reply = await session.copyIn(message.pieces[0]?.text ?? '', dataOf(prepared, statement.data));
    if (!reply.ok) return { reply, message, dataLine: await lineOfData(prepared, statement, statement.data) };
    if (tick) await session.send(new MessageBuilder().tick().build().text);
    return undefined;
  }
  for await (const chunk of chunksOf(prepared.body, statement)) {
    const builder = new MessageBuilder().user(index, await statementText(prepared.body, chunk), chunk);
    if (statement.leaves?.includes('settings') === true) builder.own('after', readAsSent);
    builder.own('after', notedAgain(statement, index, groups)).own('after', noteLooks(prepared.analysis, index));
    const message = (tick && chunk.end === statement.end ? builder.tick() : builder).build();
    const reply = await session.send(message.text);
    if (!reply.ok) return { reply, message };
  }
  return undefined;
}

async function lineOfData(
  { body }: PreparedStep,
  { head, line }: Statement,
  data: { readonly start: number },
): Promise<number> {
  const before = await body.read(head, data.start);
  return line + before.reduce((lines, byte) => lines + (byte === 0x0a ? 1 : 0), 0);
}

async function* dataOf(
  prepared: PreparedStep,
  span: { readonly start: number; readonly end: number },
): AsyncGenerator<Uint8Array> {
  for (let at = span.start; at < span.end; at += copyPiece)
    yield await prepared.body.read(at, Math.min(at + copyPiece, span.end));
}

/**
 * Rows would be lost, or could not be counted: the finding names the statement that takes them, and nothing of the
 * segment is done.
 */
async function stopped(
  session: Session,
  prepared: PreparedStep,
  options: StreamContext,
  { stop, index }: { readonly stop: RowGuardStop; readonly index: number },
): Promise<StepResult> {
  if ('refusal' in stop) {
    const { position: _, ...error } = stop.refusal.error;
    const reply = { ...stop.refusal, error, completed: 0 };
    return refuse(session, prepared, options, { reply, message: { text: '', pieces: [], owners: [index] } });
  }
  await session.send('ROLLBACK');
  return { kind: 'stopped', finding: stop.finding, partlyApplied: options.partlyApplied };
}

async function refuse(
  session: Session,
  prepared: PreparedStep,
  options: StreamContext,
  failure: StreamFailure,
): Promise<StepResult> {
  const { reply, ...placed } = failure;
  if (!reply.error.lost) await session.send('ROLLBACK');
  const placing = { ...placed, analysis: prepared.analysis, file: prepared.step.file, partial: options.partlyApplied };
  return { kind: 'refused', refusal: reply, finding: placeError(reply, placing), partlyApplied: options.partlyApplied };
}
