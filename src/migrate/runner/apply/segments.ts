import { type StepResult } from './step-result.ts';
import type { Finding } from '../../../kit/finding.ts';
import { nextHead } from '../history/head.ts';
import type { RowGuardStop } from '../rollback/row-guard.ts';
import type { Segment } from '../../contract/model.ts';
import type { RefusedReply, Session } from '../../contract/ports.ts';
import { applyStandalone } from './standalone.ts';
import { resolveBroughtBack } from './bring-back.ts';
import { checksInside } from './check-inside.ts';
import { resolveLostIntent } from './lost-intent.ts';
import { leaving, opening } from './message.ts';
import { placeError } from './place-error.ts';
import { kindOf, largestMessage, type ApplyContext, type PreparedStep } from './prepared.ts';
import { serverFault } from '../../contract/server-fault.ts';
import { closingTraps } from './session-traps.ts';
import { keepingOf, noStatements, record, segmentMessage } from './step-message.ts';
import { streamSegment } from './streamed.ts';

/** Applies a step segment by segment, each awaited; resumes after what an earlier attempt has already done. */
export async function applySegments(
  context: ApplyContext,
  prepared: PreparedStep,
  start: { readonly head: string; readonly after: string },
): Promise<StepResult> {
  const { segments } = prepared.analysis;
  const next = nextHead(context.ports.hashing, start.head, {
    kind: kindOf(prepared.step),
    id: prepared.step.id,
    checksum: prepared.step.checksum,
  });
  const position = { run: context.run, epoch: context.epoch, head: start.head };
  const recording = { head: next, nextStarted: start.after };
  const { through } = prepared.part;
  let partlyApplied = through > 0;
  const broughtBack = await resolveBroughtBack(context, prepared, position);
  if (broughtBack !== undefined) return broughtBack;
  const stopped = await prepared.guard?.begin(context.session);
  if (stopped !== undefined) return stoppedByGuard(stopped, partlyApplied);
  const unresolved = await resolveLostIntent(context, prepared, position);
  if (unresolved !== undefined) return unresolved;

  for (const [index, whole] of segments.entries()) {
    if (whole.last < through) continue;
    // The rest of a segment of which the beginning is done runs as its own segment.
    const segment = whole.first < through ? { ...whole, first: through } : whole;
    if (context.ports.signal.aborted) return { kind: 'interrupted', partlyApplied };
    const last = index === segments.length - 1 ? recording : undefined;
    context.ports.emit({
      kind: 'progress',
      id: prepared.step.id,
      statement: segment.first + 1,
      of: prepared.analysis.statements.length,
      tag: prepared.analysis.statements[segment.first]?.tag ?? '',
    });
    const result = await applySegment(context, prepared, { segment, position, recording: last, partlyApplied });
    if (result.kind !== 'applied') return result;
    if (last !== undefined && segment.kind === 'transaction' && result.alone !== true) return { ...result, head: next };
    partlyApplied = true;
  }
  return recordAlone(context, prepared, { position, recording, partlyApplied });
}

interface SegmentContext {
  readonly segment: Segment;
  readonly position: { readonly run: string; readonly epoch: string; readonly head: string };
  readonly recording: { readonly head: string; readonly nextStarted: string } | undefined;
  readonly partlyApplied: boolean;
}

async function applySegment(
  context: ApplyContext,
  prepared: PreparedStep,
  segmentContext: SegmentContext,
): Promise<StepResult> {
  const { segment, position, recording } = segmentContext;
  if (segment.kind === 'standalone') return applyStandalone(context, prepared, segmentContext);
  // An earlier attempt has run it outside a transaction, and how far it got is unknown.
  const startedAlone = prepared.part.started?.hash === prepared.analysis.statements[segment.first]?.hash;
  if (startedAlone && mayRunAlone(context, prepared, segment)) return runAlone(context, prepared, segmentContext);
  // Between the messages of one transaction a pooler would apply its own settings.
  const pooled = context.session.carriesSettings === true;
  const guarded = prepared.guard?.over(segment) !== undefined;
  if (guarded && !pooled && !needsStreaming(prepared, segment))
    return streamSegment(context, context.session, prepared, segmentContext);
  if (guarded || needsStreaming(prepared, segment))
    return withUnpipelined(context, segmentContext.partlyApplied, (session) =>
      streamSegment(context, session, prepared, segmentContext),
    );
  const message = await segmentMessage(prepared, segment, position, recording);
  const reply = await context.session.send(message.text, { rows: message.recordedAt });
  if (reply.ok) return { kind: 'applied', head: position.head, ms: Number(reply.results[0]?.rows[0]?.[0] ?? 0) };
  if (!reply.error.lost) await context.session.send('ROLLBACK');
  if (refusesTransactions.has(reply.error.sqlstate) && mayRunAlone(context, prepared, segment))
    return runAlone(context, prepared, segmentContext);
  const placing = {
    message,
    analysis: prepared.analysis,
    file: prepared.step.file,
    partial: segmentContext.partlyApplied,
  };
  return {
    kind: 'refused',
    refusal: reply,
    finding: placeError(reply, placing),
    partlyApplied: segmentContext.partlyApplied,
  };
}

function stoppedByGuard(stop: RowGuardStop, partlyApplied: boolean): StepResult {
  if ('finding' in stop) return { kind: 'stopped', finding: stop.finding, partlyApplied };
  return { kind: 'refused', refusal: stop.refusal, finding: serverFault(stop.refusal.error), partlyApplied };
}

/** The statement cannot run inside a transaction, or ends the surrounding one. */
const refusesTransactions = new Set(['25001', '2D000']);

async function runAlone(
  context: ApplyContext,
  prepared: PreparedStep,
  segmentContext: SegmentContext,
): Promise<StepResult> {
  const result = await applyStandalone(context, prepared, segmentContext);
  return result.kind === 'applied' ? { ...result, alone: true } : result;
}

/**
 * With `transaction=none` each statement has its own segment. It shares a transaction with its note unless the server
 * refuses that, which only the attempt shows. Through a pooler nothing runs outside a transaction.
 */
function mayRunAlone({ session }: ApplyContext, { analysis }: PreparedStep, { first, last }: Segment): boolean {
  return analysis.directives.transaction === 'none' && first === last && session.carriesSettings !== true;
}

/** After a final standalone statement the migration is recorded by a separate message. */
async function recordAlone(
  context: ApplyContext,
  prepared: PreparedStep,
  segmentContext: Omit<SegmentContext, 'segment'>,
): Promise<StepResult> {
  const { position, recording } = segmentContext;
  if (recording === undefined) throw new Error('a migration ends with its record');
  const keeping = await keepingOf(prepared, position.run, recording);
  const own = [...opening(position.epoch, position.head), ...leaving, ...keeping];
  const { behind } = closingTraps(prepared.analysis);
  const text = [...own, record(prepared.step, position.run, recording, noStatements(1)), ...behind, 'COMMIT']
    .map((command) => `${command};\n`)
    .join('');
  const reply = await context.session.send(text, { rows: own.length });
  if (reply.ok) return { kind: 'applied', head: recording.head, ms: Number(reply.results[0]?.rows[0]?.[0] ?? 0) };
  if (!reply.error.lost) await context.session.send('ROLLBACK');
  const message = { text, pieces: [], owners: [] };
  const finding = placeError(reply, { message, analysis: prepared.analysis, file: prepared.step.file, partial: true });
  return { kind: 'refused', refusal: reply, finding, partlyApplied: true };
}

/** COPY data, checks before the record, and large bodies travel in several messages, each awaited. */
export function needsStreaming(prepared: PreparedStep, segment: Segment): boolean {
  if (checksInside(prepared)) return true;
  const statements = prepared.analysis.statements.slice(segment.first, segment.last + 1);
  const bytes = (statements.at(-1)?.end ?? 0) - (statements[0]?.start ?? 0);
  return bytes > largestMessage || statements.some((statement) => statement.kind === 'copy-in');
}

/** Performs this over a session that sends its messages one by one. */
export async function withUnpipelined(
  context: ApplyContext,
  partlyApplied: boolean,
  use: (session: Session) => Promise<StepResult>,
): Promise<StepResult> {
  const used = await context.withCopySession(use);
  return used.ok ? used.value : notOpened(used.findings, partlyApplied);
}

/**
 * The database was reached a moment ago, so this counts as a lost connection, which is reopened, not as an unreachable
 * database.
 */
function notOpened(findings: readonly Finding[], partlyApplied: boolean): StepResult {
  const message = findings.map(({ why }) => why).join(' ');
  const refusal: RefusedReply = { ok: false, completed: 0, error: { sqlstate: '08006', message, lost: true } };
  return { kind: 'refused', refusal, finding: serverFault(refusal.error), partlyApplied };
}
