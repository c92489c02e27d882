import { fault } from '../../../kit/fault.ts';
import { sessionLockSetting } from '../lock-waits/lock-settings.ts';
import type { Segment, Statement } from '../../contract/model.ts';
import type { RefusedReply, Reply } from '../../contract/ports.ts';
import { fulfil, forget, intentCommands, readIntent, readNoted } from './intent.ts';
import { MessageBuilder, opening, timeouts } from './message.ts';
import { awaitEnd } from './owner.ts';
import { placeError } from './place-error.ts';
import { statementPlace } from '../../contract/statement-place.ts';
import type { ApplyContext, PreparedStep } from './prepared.ts';
import type { EffectProbe, Noted, ObservedEffect } from './probe/effect-probe.ts';
import { probeOf } from './probe/probe-of.ts';
import { afterAlone } from './session-traps.ts';
import type { StepResult } from './step-result.ts';
import { settingsBefore, statementText, type ChainPosition } from './step-message.ts';

const clearingWaitMs = 10_000;

interface StandaloneContext {
  readonly segment: Segment;
  readonly position: ChainPosition;
  readonly partlyApplied: boolean;
  /** Commands in place of the note that it is done. */
  readonly fulfilled?: readonly string[];
}

/** A statement with its probe and what was noted before it. */
interface StartedStatement {
  readonly text: string;
  readonly probe: EffectProbe;
  readonly noted: Noted;
}

/**
 * Applies one statement that cannot run in a transaction: the intent is committed, then the statement runs on its own,
 * then the catalogue is queried, then its end is committed. Nothing is sent until it has been answered.
 */
export async function applyStandalone(
  context: ApplyContext,
  prepared: PreparedStep,
  options: StandaloneContext,
): Promise<StepResult> {
  const { segment } = options;
  const statement = prepared.analysis.statements[segment.first];
  if (statement === undefined) throw new Error('a standalone segment without a statement');
  const probe = probeOf(statement.outside);
  // Matched by hash: it is the same statement even if another one was inserted before it.
  const earlier = prepared.part.started?.hash === statement.hash ? prepared.part.started : undefined;
  const owner = earlier === undefined ? undefined : readIntent(earlier.detail).owner;
  const alive = owner === undefined ? undefined : await awaitEnd(owner, context.session, context.ports);
  if (alive !== undefined) return { kind: 'stopped', finding: alive, partlyApplied: options.partlyApplied };

  const intent = await noteStarted(context, prepared, options, { statement, probe, earlier });
  if (!intent.ok) return refusedStandalone(intent, prepared, options);
  const started = { text: await statementText(prepared.body, statement), probe, noted: intent.noted };
  if (earlier !== undefined || probe.looksFirst === true) {
    const before = await clearHalfEffect(context, started);
    if (!before.ok) return refusedStandalone(before, prepared, options);
    if (before.state === 'done') return finish(context, prepared, options);
    if (before.state === 'unknown') {
      const where = statementPlace(statement, prepared.step.file);
      return {
        kind: 'stopped',
        finding: fault('interrupted-statement', { where }),
        partlyApplied: options.partlyApplied,
      };
    }
  }
  // The run was stopped meanwhile: the statement is no longer started; its note makes the next attempt check first.
  if (context.ports.signal.aborted) return { kind: 'interrupted', partlyApplied: options.partlyApplied };
  const reply = await execute(context, started);
  if (reply.ok || !reply.error.lost) await afterAlone(context.session, statement);
  if (reply.ok) return finish(context, prepared, options);
  if (reply.error.lost) return refusedStandalone(reply, prepared, options);
  // A half-built unique index rejects the application's rows, so it must not outlive the failure. If it does, the note
  // remains, so that the next attempt clears it. The lock that blocks its removal is often the one at which it failed:
  // one long wait is enough.
  if (statement.lock === 'patient') await context.session.send(`SET lock_timeout TO '${clearingWaitMs}ms'`);
  const left = await leftOf(context, started, reply);
  if (left === 'done') return finish(context, prepared, options);
  if (left === 'nothing')
    await send(context, [
      ...opening(options.position.epoch, options.position.head),
      ...forget(prepared.step),
      'COMMIT',
    ]);
  return refusedStandalone(reply, prepared, options, started.text);
}

/** Commits the intent, and returns what was noted before the statement: now, or before the attempt that died. */
async function noteStarted(
  context: ApplyContext,
  prepared: PreparedStep,
  { position, segment }: StandaloneContext,
  started: {
    readonly statement: Statement;
    readonly probe: EffectProbe;
    readonly earlier: PreparedStep['part']['started'];
  },
): Promise<{ readonly ok: true; readonly noted: Noted } | RefusedReply> {
  const commands = [
    ...opening(position.epoch, position.head),
    ...sessionLockSetting(started.statement, prepared.locks),
    ...timeouts(prepared.analysis, 'SESSION'),
    ...intentCommands(prepared.step, started.statement, {
      run: position.run,
      ordinal: segment.first,
      before: started.probe.before,
      earlier: started.earlier,
      settings: await settingsBefore(prepared, segment.first),
    }),
    'COMMIT',
  ];
  const reply = await send(context, commands, 'all');
  if (!reply.ok) return reply;
  const written = reply.results.findLast(({ columns }) => columns[0] === 'set_config')?.rows[0]?.[0];
  return { ok: true, noted: readNoted(written ?? '') };
}

/** The state after a half effect was cleared or completed; still half: someone else is working on it. */
async function clearHalfEffect(
  { session, ports }: ApplyContext,
  { probe, noted }: StartedStatement,
): Promise<ObservedEffect> {
  const seen = await probe.state(session, noted);
  const remains = (await probe.remains?.(session, noted)) ?? [];
  if (remains.length > 0)
    ports.emit({
      kind: 'finding',
      finding: fault('leftover-remains', { why: `The rebuild left ${remains.join(', ')}.` }),
    });
  if (!seen.ok || seen.state !== 'half') return seen;
  const repaired = await probe.repair(session, noted);
  // The lock may not have been acquired: then that is the failure, not the name that is still taken.
  if (!repaired.ok) return repaired;
  const after = await probe.state(session, noted);
  if (!after.ok || after.state !== 'half') return after;
  const message = 'another session is using what an earlier attempt left behind';
  return { ok: false, error: { sqlstate: '55P03', message, lost: false }, completed: 0 };
}

async function execute(context: ApplyContext, started: StartedStatement): Promise<Reply> {
  const { session } = context;
  const reply = await session.send(started.text);
  await context.settle();
  if (!reply.ok || started.probe.looksFirst !== true) return reply;
  // Between the check and the statement, someone may have left an object that the statement skipped.
  const seen = await started.probe.state(session, started.noted);
  if (!seen.ok) return withoutPosition(seen);
  if (seen.state !== 'half') return reply;
  const after = await clearHalfEffect(context, started);
  if (!after.ok) return withoutPosition(after);
  return after.state === 'done' ? reply : session.send(started.text);
}

/** The statement certainly failed. What has it left behind? */
async function leftOf(
  context: ApplyContext,
  started: StartedStatement,
  { error }: RefusedReply,
): Promise<'done' | 'nothing' | 'something'> {
  const after = await clearHalfEffect(context, started);
  if (!after.ok || after.state === 'half') return 'something';
  // It was stopped after its last change; an object that someone else has made meanwhile (class 42) is not its effect.
  return after.state === 'done' && !error.sqlstate.startsWith('42') ? 'done' : 'nothing';
}

async function finish(context: ApplyContext, prepared: PreparedStep, options: StandaloneContext): Promise<StepResult> {
  const { position, fulfilled = fulfil(prepared.step) } = options;
  const reply = await send(context, [...opening(position.epoch, position.head), ...fulfilled, 'COMMIT']);
  if (!reply.ok) return refusedStandalone(reply, prepared, { ...options, partlyApplied: true });
  return { kind: 'applied', head: position.head, ms: 0 };
}

async function send(context: ApplyContext, commands: readonly string[], rows: 'all' | 'none' = 'none'): Promise<Reply> {
  const reply = await context.session.send(commands.map((command) => `${command};\n`).join(''), { rows });
  if (!reply.ok && !reply.error.lost) await context.session.send('ROLLBACK');
  return reply;
}

/** @param sent the statement, if it was the one refused: positions in our own messages are not places in the file */
function refusedStandalone(
  reply: RefusedReply,
  prepared: PreparedStep,
  options: StandaloneContext,
  sent?: string,
): StepResult {
  const { analysis, step } = prepared;
  const { first } = options.segment;
  const statement = analysis.statements[first];
  const message =
    sent === undefined || statement === undefined
      ? { text: '', pieces: [], owners: [first] }
      : new MessageBuilder().user(first, sent, statement).build();
  const { error } = sent === undefined ? withoutPosition(reply) : reply;
  const placing = { message, analysis, file: step.file, partial: options.partlyApplied };
  const finding = placeError({ ...reply, error, completed: 0 }, placing);
  return { kind: 'refused', refusal: reply, finding, partlyApplied: options.partlyApplied };
}

function withoutPosition(refusal: RefusedReply): RefusedReply {
  const { position: _, ...error } = refusal.error;
  return { ...refusal, error };
}
