import { fault } from '../../kit/fault.ts';
import { quoteLiteral } from '../../sql/quote.ts';
import type { Segment, Statement } from '../model.ts';
import type { Reply } from '../ports.ts';
import { placeError, placeOf } from './place-error.ts';
import type { ApplyContext, PreparedStep } from './prepared.ts';
import { probeOf, type EffectProbe } from './probe-effect.ts';
import type { StepResult } from './segments.ts';
import { opening, timeouts } from './message.ts';
import { settingsBefore, textOf, type Position } from './step-message.ts';

interface Terms {
  readonly segment: Segment;
  readonly position: Position;
  readonly stands: boolean;
}

/**
 * One statement that cannot run in a transaction: the intent is committed, then the statement runs alone, then the
 * catalogue is asked, then its end is committed. Nothing is sent behind it before it has been answered.
 */
export async function applyBarrier(context: ApplyContext, prepared: PreparedStep, terms: Terms): Promise<StepResult> {
  const { segment, position } = terms;
  const statement = prepared.analysis.statements[segment.first];
  if (statement === undefined) throw new Error('a barrier without a statement');
  const text = await textOf(prepared.body, statement);
  const probe = probeOf(text.slice(statement.head - statement.start));

  // The note comes first: the file may set a role that has no right to write it. And its settings come before the
  // probe: without its search_path another object would be looked at, or none.
  const intent = await send(context, [
    ...opening(position.epoch, position.head),
    intentOf(prepared, statement, { ordinal: segment.first, run: position.run }),
    ...timeouts(prepared.analysis, 'SESSION'),
    ...(await settingsBefore(prepared, segment.first)),
    'COMMIT',
  ]);
  if (!intent.ok) return refused(intent, prepared, terms);

  // By its hash: it is the same statement when another one has been put before it.
  const before = prepared.part.begun?.hash === statement.hash ? await probe.state(context.session) : 'absent';
  if (before === 'unknown') {
    const where = placeOf(statement, prepared.step.file);
    return { kind: 'stopped', finding: fault('interrupted-statement', { where }), stands: terms.stands };
  }
  if (before === 'done') return finish(context, prepared, terms);
  if (before === 'half') {
    const repaired = await probe.repair(context.session);
    // Perhaps the lock was not to be had: then that is the failure, not the name that is still taken.
    if (!repaired.ok) return refused(repaired, prepared, terms);
    // FINALIZE completes a detachment; a half-built index is dropped and built again.
    if ((await probe.state(context.session)) === 'done') return finish(context, prepared, terms);
  }

  // Stopped since: it is not begun any more; its note tells the next attempt to look first.
  if (context.ports.signal.aborted) return { kind: 'interrupted', stands: terms.stands };
  let reply = await context.session.send(text);
  await context.settle();
  if (reply.ok && probe.passesOver === true && (await probe.state(context.session)) === 'half') {
    // IF NOT EXISTS found an unusable index and called that success.
    const repaired = await probe.repair(context.session);
    reply = repaired.ok ? await context.session.send(text) : repaired;
  }
  if (reply.ok) return finish(context, prepared, terms);
  // A half-built unique index refuses the application's rows: it must not outlive the failure. While it does, the note
  // stays, so that the next attempt clears it.
  if (!reply.error.lost && (await isCleared(context, probe)))
    await send(context, [...opening(position.epoch, position.head), forget(prepared, segment), 'COMMIT']);
  return refused(reply, prepared, terms);
}

/** It is known that the statement failed: is nothing left of it? */
async function isCleared({ session }: ApplyContext, probe: EffectProbe): Promise<boolean> {
  return (await probe.state(session)) !== 'half' || (await probe.repair(session)).ok;
}

async function finish(context: ApplyContext, prepared: PreparedStep, terms: Terms): Promise<StepResult> {
  const { position, segment } = terms;
  const done =
    `UPDATE godwit.statement SET state = 'done', ` +
    `ms = extract(epoch FROM pg_catalog.clock_timestamp() - at) * 1000, at = pg_catalog.clock_timestamp() ` +
    `WHERE seq IS NULL AND state = 'intent' AND migration = ${quoteLiteral(prepared.step.id)} AND ordinal = ${segment.first}`;
  const reply = await send(context, [...opening(position.epoch, position.head), done, 'COMMIT']);
  if (!reply.ok) return refused(reply, prepared, { ...terms, stands: true });
  return { kind: 'applied', head: position.head, ms: 0 };
}

function intentOf(
  prepared: PreparedStep,
  statement: Statement,
  terms: { readonly ordinal: number; readonly run: string },
): string {
  const id = quoteLiteral(prepared.step.id);
  const values = [
    quoteLiteral(terms.run),
    id,
    quoteLiteral(prepared.step.direction),
    String(terms.ordinal),
    quoteLiteral(statement.tag),
    String(statement.line),
    '1',
    quoteLiteral(statement.hash),
    "'intent'",
    `pg_catalog.concat('backend ', pg_catalog.pg_backend_pid())`,
  ];
  return (
    `${forget(prepared, { first: terms.ordinal })};\n` +
    `INSERT INTO godwit.statement (run, migration, direction, ordinal, tag, line, count, hash, state, detail) VALUES (${values.join(', ')})`
  );
}

/** Removes the note that a statement was begun. */
export function forget(prepared: PreparedStep, segment: Pick<Segment, 'first'>): string {
  const id = quoteLiteral(prepared.step.id);
  return `DELETE FROM godwit.statement WHERE seq IS NULL AND state = 'intent' AND migration = ${id} AND ordinal = ${segment.first}`;
}

async function send(context: ApplyContext, commands: readonly string[]): Promise<Reply> {
  const reply = await context.session.send(commands.map((command) => `${command};\n`).join(''));
  if (!reply.ok && !reply.error.lost) await context.session.send('ROLLBACK');
  return reply;
}

function refused(reply: Extract<Reply, { readonly ok: false }>, prepared: PreparedStep, terms: Terms): StepResult {
  const { position: _, ...error } = reply.error;
  const placing = {
    message: { text: '', pieces: [], owners: [terms.segment.first] },
    analysis: prepared.analysis,
    file: prepared.step.file,
    partial: terms.stands,
  };
  return {
    kind: 'refused',
    refusal: reply,
    finding: placeError({ ...reply, error, completed: 0 }, placing),
    stands: terms.stands,
  };
}
