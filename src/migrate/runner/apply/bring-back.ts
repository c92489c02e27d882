import { fault } from '../../../kit/fault.ts';
import { quoteLiteral } from '../../../sql/quote.ts';
import type { PartialStatement } from '../../contract/history.ts';
import type { RefusedReply, Reply } from '../../contract/ports.ts';
import { serverFault } from '../../contract/server-fault.ts';
import type { BackStep } from '../../plan/back-steps.ts';
import { applyStandalone } from './standalone.ts';
import { forget, fulfil, readIntent, readNoted, renewed } from './intent.ts';
import { opening } from './message.ts';
import { awaitEnd } from './owner.ts';
import { statementPlace } from '../../contract/statement-place.ts';
import type { ApplyContext, PreparedStep } from './prepared.ts';
import { probeOf } from './probe/probe-of.ts';
import { settingsBefore, type ChainPosition } from './step-message.ts';
import type { StepResult } from './step-result.ts';

/**
 * Goes forward out of a half-way `down`: what it has undone is done again, in reverse order, and each statement's note
 * is removed in the same transaction. So whenever this stops, the undone part is a prefix of the down file: `down`
 * resumes there, and so does this. The head of the history does not move, because the migration has remained applied
 * throughout.
 */
export async function bringBack(
  context: ApplyContext,
  prepared: PreparedStep,
  start: { readonly head: string },
): Promise<StepResult> {
  const back = prepared.bringsBack;
  if (back === undefined) throw new Error('nothing to be brought back');
  const position = { run: context.run, epoch: context.epoch, head: start.head };
  const resolved =
    back.started === undefined ? 'none' : await resolveStarted(context, prepared, position, back.started);
  if (typeof resolved !== 'string') return resolved;
  const steps = resolved === 'absent' ? back.steps.slice(0, -1) : back.steps;
  const active = steps.filter(({ up }) => up !== undefined).reverse();
  const total = prepared.analysis.statements.length;
  for (const [index, step] of active.entries()) {
    if (context.ports.signal.aborted) return { kind: 'interrupted', partlyApplied: true };
    const { up = 0 } = step;
    const last = index === active.length - 1;
    const tag = prepared.analysis.statements[up]?.tag ?? '';
    context.ports.emit({ kind: 'progress', id: prepared.step.id, statement: up + 1, of: total, tag });
    const result = await oneBack(context, prepared, { position, step, last });
    if (result.kind !== 'applied') return result;
  }
  // The finished statements have not undone anything.
  if (active.length === 0) {
    const reply = await guarded(context, position, letGo(prepared, position, 0, true));
    if (!reply.ok) return refusedBringBack(reply, prepared);
  }
  return { kind: 'applied', head: start.head, ms: 0 };
}

async function oneBack(
  context: ApplyContext,
  prepared: PreparedStep,
  { position, step, last }: { readonly position: ChainPosition; readonly step: BackStep; readonly last: boolean },
): Promise<StepResult> {
  const { up = 0 } = step;
  const commands = letGo(prepared, position, last ? 0 : step.down, last);
  const resumed = prepared.part.started?.hash === prepared.analysis.statements[up]?.hash;
  const there = resumed ? false : await isThere(context, prepared, up);
  if (typeof there !== 'boolean') return refusedBringBack(there, prepared);
  if (there) {
    const reply = await guarded(context, position, commands);
    return reply.ok ? { kind: 'applied', head: position.head, ms: 0 } : refusedBringBack(reply, prepared);
  }
  const segment = { kind: 'standalone', first: up, last: up } as const;
  return await applyStandalone(context, prepared, { segment, position, partlyApplied: true, fulfilled: commands });
}

/** Has someone else already done it again? */
async function isThere(context: ApplyContext, prepared: PreparedStep, up: number): Promise<boolean | RefusedReply> {
  const { outside } = prepared.analysis.statements[up] ?? {};
  const probe = probeOf(outside);
  const commands = ['BEGIN READ ONLY', ...(await settingsBefore(prepared, up)), `SELECT ${probe.before}`, 'ROLLBACK'];
  const reply = await context.session.send(commands.map((command) => `${command};\n`).join(''), { rows: 'all' });
  if (!reply.ok && !reply.error.lost) await context.session.send('ROLLBACK');
  if (!reply.ok) return reply;
  const noted = readNoted(reply.results.findLast(({ columns }) => columns.length > 0)?.rows[0]?.[0] ?? '');
  if (outside?.kind === 'drop-index') return noted['index'] == null;
  if (noted['index'] == null) return false;
  const seen = await probe.state(context.session, { ...noted, index: null });
  return seen.ok ? seen.state === 'done' : seen;
}

/** Resolves a statement of the down file that was started by a run that died: it is done, or it never ran. */
async function resolveStarted(
  context: ApplyContext,
  prepared: PreparedStep,
  position: ChainPosition,
  started: PartialStatement,
): Promise<'done' | 'absent' | StepResult> {
  const found = await intentOutcome(context, prepared, started);
  if (typeof found !== 'string') return found;
  const step = { id: prepared.step.id, direction: 'down' as const };
  const reply = await guarded(context, position, found === 'done' ? fulfil(step) : forget(step));
  return reply.ok ? found : refusedBringBack(reply, prepared);
}

/**
 * Prepares a `down` that resumes after `up --resume-up` has died: if what that had started to restore exists, it is
 * undone once more.
 *
 * @returns why the rollback cannot continue as planned; undefined if it can
 */
export async function resolveBroughtBack(
  context: ApplyContext,
  prepared: PreparedStep,
  position: ChainPosition,
): Promise<StepResult | undefined> {
  const started = prepared.broughtBack;
  if (started === undefined) return undefined;
  const found = await intentOutcome(context, prepared, started);
  if (typeof found !== 'string') return found;
  const step = { id: prepared.step.id, direction: 'up' as const };
  const commands = found === 'done' ? letGo(prepared, position, prepared.part.through - 1, false) : forget(step);
  const reply = await guarded(context, position, commands);
  if (!reply.ok) return refusedBringBack(reply, prepared);
  if (found === 'absent') return undefined;
  // Less of the down file is done than the plan assumed.
  const error = { sqlstate: 'GW002', message: 'the part that was undone has changed', lost: false };
  return refusedBringBack({ ok: false, error, completed: 0 }, prepared);
}

async function intentOutcome(
  { session, ports }: ApplyContext,
  prepared: PreparedStep,
  started: PartialStatement,
): Promise<'done' | 'absent' | StepResult> {
  const intent = readIntent(started.detail);
  const alive = intent.owner === undefined ? undefined : await awaitEnd(intent.owner, session, ports);
  if (alive !== undefined) return { kind: 'stopped', finding: alive, partlyApplied: true };
  const probe = probeOf(intent.outside);
  let seen = await probe.state(session, intent.noted);
  if (seen.ok && seen.state === 'half') {
    const repaired = await probe.repair(session, intent.noted);
    if (!repaired.ok) return refusedBringBack(repaired, prepared);
    seen = await probe.state(session, intent.noted);
  }
  if (!seen.ok) return refusedBringBack(seen, prepared);
  if (seen.state === 'done' || seen.state === 'absent') return seen.state;
  const statement = prepared.analysis.statements[started.ordinal];
  const where = statement === undefined ? { file: prepared.step.file } : statementPlace(statement, prepared.step.file);
  return { kind: 'stopped', finding: fault('interrupted-statement', { where }), partlyApplied: true };
}

/**
 * Commands after a statement that has restored what was undone: they remove the notes of the down file from this
 * statement on, and record that in the run's chain. After the last one the migration is fully applied again.
 */
function letGo(prepared: PreparedStep, { run }: ChainPosition, from: number, last: boolean): readonly string[] {
  const { id } = prepared.step;
  const own = `migration = ${quoteLiteral(id)} AND seq IS NULL`;
  const notes = `${own} AND direction = 'down' AND state = 'done' AND ordinal >= ${from}`;
  const seq = prepared.bringsBack?.seq ?? 0;
  const body = `pg_catalog.json_build_object('migration', ${quoteLiteral(id)}, 'whole', ${last}, 'abandoned', (
  SELECT pg_catalog.json_agg(pg_catalog.json_build_object('ordinal', ordinal, 'tag', tag, 'line', line, 'hash', hash, 'run', run, 'at', at) ORDER BY ordinal)
  FROM godwit.statement WHERE ${notes}), 'at', pg_catalog.clock_timestamp())::pg_catalog.text`;
  return [
    `SELECT godwit.log(${quoteLiteral(run)}, ARRAY['brought-back'], ARRAY[${body}])`,
    `DELETE FROM godwit.statement WHERE ${notes}`,
    `DELETE FROM godwit.statement WHERE ${own} AND direction = 'up'`,
    renewed,
    `UPDATE godwit.own_transaction SET through = pg_catalog.pg_current_xact_id() WHERE ${own} AND outside AND through IS NULL`,
    ...(last
      ? [
          `UPDATE godwit.own_transaction SET seq = ${seq} WHERE ${own}`,
          `UPDATE godwit.former_object SET seq = ${seq} WHERE seq IS NULL AND accepted_by IS NULL`,
        ]
      : []),
  ];
}

async function guarded(
  context: ApplyContext,
  { epoch, head }: ChainPosition,
  commands: readonly string[],
): Promise<Reply> {
  const all = [...opening(epoch, head), ...commands, 'COMMIT'];
  const reply = await context.session.send(all.map((command) => `${command};\n`).join(''));
  if (!reply.ok && !reply.error.lost) await context.session.send('ROLLBACK');
  return reply;
}

function refusedBringBack(refusal: RefusedReply, { step }: PreparedStep): StepResult {
  return { kind: 'refused', refusal, finding: serverFault(refusal.error, { file: step.file }), partlyApplied: true };
}
