import type { Finding } from '../../../kit/finding.ts';
import { versionIn } from '../../contract/migration-id.ts';
import type { RefusedReply, ServerError, Session } from '../../contract/ports.ts';
import { announcer } from './announcer.ts';
import { endOf, type ApplyResult } from './apply-result.ts';
import { emptySegment, headAfter, applyPipelined } from './pipeline.ts';
import { placeError } from './place-error.ts';
import type { ApplyContext, PreparedStep } from './prepared.ts';
import { needsStreaming, withUnpipelined } from './segments.ts';
import { segmentMessage, type Recording } from './step-message.ts';
import { streamSegment } from './streamed.ts';
import { placesOf } from './together.ts';

/** How far they got: all of them, or none and the reason. */
type TogetherResult =
  | { readonly kind: 'all'; readonly ms: readonly number[] }
  | { readonly kind: 'not-begun' | 'interrupted' }
  | { readonly kind: 'refused'; readonly at: number; readonly refusal: RefusedReply; readonly finding: Finding }
  | { readonly kind: 'stopped'; readonly at: number; readonly finding: Finding };

/**
 * Applies the steps in one transaction: all of them, or none. Each is a message of its own, placed and timed as in a
 * transaction of its own; only the last one moves the head and commits. What fails, or is repeated for a lock, is the
 * whole transaction.
 */
export async function applyTogether(
  context: ApplyContext,
  steps: readonly PreparedStep[],
  head: string,
): Promise<ApplyResult> {
  const progress = announcer(context, steps);
  const started = context.started.then((there) => {
    if (there) progress.start(0);
    return there;
  });
  const onStep = (index: number): void => progress.start(index + 1);
  // Through a pooler each message waits for the one before it, and only the first one of a transaction may bring settings.
  const apart = context.session.carriesSettings === true || steps.some((step) => streams(step));
  const result = await (apart ? oneByOne : pipelined)({ ...context, started }, steps, head, onStep);
  switch (result.kind) {
    case 'not-begun':
    case 'interrupted':
      return { head, applied: [], end: { kind: result.kind } };
    case 'stopped':
    case 'refused': {
      const at = steps[result.at];
      if (at === undefined) throw new Error(`no step ${result.at}`);
      const lost = result.kind === 'refused' && result.refusal.error.lost;
      const error = result.kind === 'refused' ? result.refusal.error : undefined;
      const finding = lost ? result.finding : withAll(result.finding, steps.length);
      if (result.kind === 'refused') {
        const end = endOf(context, result.refusal, { finding, at, partlyApplied: false });
        return { head, applied: [], end: end.kind === 'failed' ? { ...end, ...fixOf(error, steps, at) } : end };
      }
      return { head, applied: [], end: { kind: 'failed', finding, at, stands: false, fromOutside: false } };
    }
    case 'all': {
      for (const [index, prepared] of steps.entries()) progress.applied(prepared, result.ms[index] ?? 0);
      const last = steps.reduce((at, prepared) => headAfter(context, prepared, at), head);
      return { head: last, applied: steps.map(({ step }) => step.id), end: { kind: 'done' } };
    }
  }
}

function streams(prepared: PreparedStep): boolean {
  return needsStreaming(prepared, prepared.analysis.segments[0] ?? emptySegment);
}

type Apply = (
  context: ApplyContext,
  steps: readonly PreparedStep[],
  head: string,
  onStep: (index: number) => void,
) => Promise<TogetherResult>;

const pipelined: Apply = async (context, steps, head, onStep) => {
  const ms: number[] = [];
  const start = { head, after: '', together: true };
  const result = await applyPipelined(context, steps, start, (_, duration) => {
    onStep(ms.push(duration) - 1);
  });
  if (!(await context.started)) return { kind: 'not-begun' };
  const at = steps[result.applied];
  if (result.refusal !== undefined && result.message !== undefined && at !== undefined) {
    const placing = { message: result.message, analysis: at.analysis, file: at.step.file, partial: false };
    return {
      kind: 'refused',
      at: result.applied,
      refusal: result.refusal,
      finding: placeError(result.refusal, placing),
    };
  }
  return result.applied === steps.length ? { kind: 'all', ms } : { kind: 'interrupted' };
};

/** Over a session that does not pipeline: data of COPY, bodies in several messages, checks before the record. */
const oneByOne: Apply = async (context, steps, head, onStep) => {
  if (!(await context.started)) return { kind: 'not-begun' };
  let ended: TogetherResult = { kind: 'interrupted' };
  const used = await withUnpipelined(context, false, async (session) => {
    try {
      ended = await sendAll(context, session, steps, { head, onStep });
    } catch (error) {
      // A file is gone or was changed: nothing of the transaction may wait for the session to end.
      await session.send('ROLLBACK');
      throw error;
    }
    return { kind: 'interrupted', partlyApplied: false };
  });
  if (used.kind !== 'refused') return ended;
  return { kind: 'refused', at: 0, refusal: used.refusal, finding: used.finding };
};

async function sendAll(
  context: ApplyContext,
  session: Session,
  steps: readonly PreparedStep[],
  { head, onStep }: { readonly head: string; readonly onStep: (index: number) => void },
): Promise<TogetherResult> {
  const ms: number[] = [];
  const places = placesOf(steps);
  let at = head;
  for (const [index, prepared] of steps.entries()) {
    if (context.ports.signal.aborted) {
      await session.send('ROLLBACK');
      return { kind: 'interrupted' };
    }
    const next = headAfter(context, prepared, at);
    const together = places[index];
    const recording = { head: next, nextStarted: '', ...(together === undefined ? {} : { together }) };
    const result = await sendOne(context, session, prepared, { head: at, recording });
    if (result.kind === 'interrupted') return result;
    if (result.kind === 'refused' || result.kind === 'stopped') return { ...result, at: index };
    ms.push(result.ms);
    onStep(index);
    at = next;
  }
  return { kind: 'all', ms };
}

async function sendOne(
  context: ApplyContext,
  session: Session,
  prepared: PreparedStep,
  { head, recording }: { readonly head: string; readonly recording: Recording },
): ReturnType<typeof streamSegment> {
  const segment = prepared.analysis.segments[0] ?? emptySegment;
  const position = { run: context.run, epoch: context.epoch, head };
  if (streams(prepared))
    return await streamSegment(context, session, prepared, { segment, position, recording, partlyApplied: false });
  const message = await segmentMessage(prepared, segment, position, recording);
  const reply = await session.send(message.text, { rows: message.recordedAt });
  if (reply.ok) return { kind: 'applied', head, ms: Number(reply.results[0]?.rows[0]?.[0] ?? 0) };
  if (!reply.error.lost) await session.send('ROLLBACK');
  const placing = { message, analysis: prepared.analysis, file: prepared.step.file, partial: false };
  return { kind: 'refused', refusal: reply, finding: placeError(reply, placing), partlyApplied: false };
}

/** A fix that depends on the other migrations of the transaction. */
function fixOf(
  error: ServerError | undefined,
  steps: readonly PreparedStep[],
  at: PreparedStep,
): { readonly fix?: string } {
  if (error?.sqlstate === '53200')
    return { fix: 'Raise max_locks_per_transaction of the server, or apply fewer at a time: `--tx all --to VERSION`.' };
  if (error?.sqlstate !== '55P04') return {};
  const adding = steps
    .slice(0, steps.indexOf(at))
    .findLast(({ analysis }) => analysis.statements.some(({ tag }) => tag === 'ALTER TYPE'));
  if (adding === undefined) return {};
  const first = `\`godwit up --tx all --to ${versionIn(adding.step.id)}\``;
  return { fix: `A new enum value can be used only after a COMMIT: run ${first} first, then \`godwit up --tx all\`.` };
}

/** A failure of one is a failure of all. */
function withAll(finding: Finding, count: number): Finding {
  const all = `${count === 2 ? 'Both' : `All ${count}`} migrations share one transaction: none of them was applied.`;
  return {
    ...finding,
    why: `${finding.why.replace(/([^.])$/, '$1.')} ${all}`,
    fix: finding.fix.replace(' Migrations applied before it remain applied.', ''),
  };
}
