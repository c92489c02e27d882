import { fault } from '../../../kit/fault.ts';
import type { Analysis } from '../../contract/model.ts';
import type { RefusedReply, Session } from '../../contract/ports.ts';
import { forget, readIntent, type Intent } from './intent.ts';
import { opening } from './message.ts';
import { awaitEnd } from './owner.ts';
import { placeError } from './place-error.ts';
import type { ApplyContext, PreparedStep } from './prepared.ts';
import type { EffectProbe } from './probe/effect-probe.ts';
import { probeOf } from './probe/probe-of.ts';
import type { StepResult } from './step-result.ts';
import type { ChainPosition } from './step-message.ts';

/**
 * Resolves a statement that was started by a run that died, and that has been removed from the file since. A half
 * effect is cleared and reported. A complete effect belongs to the part of the file that must not change. If the
 * catalogue does not show it, the author who removed the statement is trusted to have checked its effect.
 *
 * @returns why the file cannot continue; undefined if it can
 */
export async function resolveLostIntent(
  context: ApplyContext,
  prepared: PreparedStep,
  position: ChainPosition,
): Promise<StepResult | undefined> {
  const { started, through } = prepared.part;
  if (started === undefined || stillThere(prepared.analysis, started.hash)) return undefined;
  const { session, ports } = context;
  const { file, id } = prepared.step;
  const partlyApplied = through > 0;
  const intent = readIntent(started.detail);
  const alive = intent.owner === undefined ? undefined : await awaitEnd(intent.owner, session, ports);
  if (alive !== undefined) return { kind: 'stopped', finding: alive, partlyApplied };
  const named = `${started.tag} ${nameOf(intent)}`.trim();
  const probe = probeOf(intent.outside);
  const left = await clear(probe, intent, session);
  if (left === 'done' && probe.harmless !== true) {
    const why = `${named}, begun by an earlier run, has taken effect; it is no longer in the file.`;
    return { kind: 'stopped', finding: fault('applied-part-changed', { why, where: { file } }), partlyApplied };
  }
  if (typeof left !== 'string') return refusedIntent(left, prepared, partlyApplied);
  if (left === 'cleared') {
    const why = `${named}, begun by an earlier run, is no longer in the file of migration ${id}.`;
    ports.emit({ kind: 'finding', finding: fault('leftover-cleared', { why, where: { file } }) });
  }
  const text = [...opening(position.epoch, position.head), ...forget(prepared.step), 'COMMIT']
    .map((command) => `${command};\n`)
    .join('');
  const reply = await session.send(text);
  if (reply.ok) return undefined;
  if (!reply.error.lost) await session.send('ROLLBACK');
  return refusedIntent(reply, prepared, partlyApplied);
}

async function clear(
  probe: EffectProbe,
  intent: Intent,
  session: Session,
): Promise<'done' | 'cleared' | 'none' | RefusedReply> {
  const seen = await probe.state(session, intent.noted);
  if (!seen.ok) return seen;
  if (seen.state !== 'half') return seen.state === 'done' ? 'done' : 'none';
  const repaired = await probe.repair(session, intent.noted);
  return repaired.ok ? 'cleared' : repaired;
}

function stillThere({ segments, statements, directives }: Analysis, hash: string): boolean {
  const alone = directives.transaction === 'none';
  return segments.some(({ kind, first }) => (alone || kind === 'standalone') && statements[first]?.hash === hash);
}

function nameOf({ noted }: Intent): string {
  return typeof noted['name'] === 'string' ? noted['name'] : '';
}

function refusedIntent(refusal: RefusedReply, prepared: PreparedStep, partlyApplied: boolean): StepResult {
  const message = { text: '', pieces: [], owners: [] };
  const placing = { message, analysis: prepared.analysis, file: prepared.step.file, partial: partlyApplied };
  return { kind: 'refused', refusal, finding: placeError(refusal, placing), partlyApplied };
}
