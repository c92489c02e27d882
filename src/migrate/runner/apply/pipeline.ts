import { nextHead } from '../history/head.ts';
import type { Segment } from '../../contract/model.ts';
import type { RefusedReply, Reply } from '../../contract/ports.ts';
import { placesOf } from './together.ts';
import { kindOf, type ApplyContext, type PreparedStep } from './prepared.ts';
import { segmentMessage, type StepMessage } from './step-message.ts';

/** How far a batch got. `refusal` is the cause: the first error that is not a mere consequence of another. */
export interface BatchResult {
  readonly applied: number;
  readonly head: string;
  readonly refusal?: RefusedReply;
  readonly message?: StepMessage;
}

/** Called when a step is applied, in order. */
export type OnApplied = (prepared: PreparedStep, ms: number) => void;

const mostInFlight = 32;
const mostBytesInFlight = 8 * 1024 * 1024;

interface Flight {
  readonly prepared: PreparedStep;
  readonly message: StepMessage;
  readonly head: string;
  readonly reply: Promise<Reply>;
}

/**
 * Sends migrations of one message each without waiting for the answers, in a bounded window. Safety does not rest on
 * the pipeline: each message compares the head of the history before it does anything. After the first refusal nothing
 * more is sent, outstanding answers are drained, and a separate ROLLBACK clears the session.
 *
 * @param start `together`: they share one transaction, which only the last one commits
 */
export async function applyPipelined(
  context: ApplyContext,
  steps: readonly PreparedStep[],
  start: { readonly head: string; readonly after: string; readonly together?: boolean },
  onApplied: OnApplied,
): Promise<BatchResult> {
  const flights: Flight[] = [];
  const state = { head: start.head, applied: 0, bytes: 0 };
  let verdict: { readonly refusal: RefusedReply; readonly message: StepMessage } | undefined;

  const land = async (): Promise<void> => {
    const flight = flights.shift();
    if (flight === undefined) return;
    // The first writes were sent before it, so they are answered before it.
    await context.started;
    const reply = await flight.reply;
    state.bytes -= flight.message.text.length;
    if (!reply.ok) {
      if (verdict === undefined || isConsequence(verdict.refusal)) verdict = causeOf(verdict, reply, flight.message);
      return;
    }
    state.applied += 1;
    state.head = flight.head;
    onApplied(flight.prepared, Number(reply.results[0]?.rows[0]?.[0] ?? 0));
  };

  const places = start.together === true ? placesOf(steps) : [];
  const rollBack = async (): Promise<void> => {
    const lost = verdict?.refusal.error.lost === true;
    if (!lost && (verdict !== undefined || (start.together === true && state.applied < steps.length)))
      await context.session.send('ROLLBACK');
  };
  let head = start.head;
  for (const [index, prepared] of steps.entries()) {
    while (flights.length >= mostInFlight || (state.bytes > mostBytesInFlight && flights.length > 0)) await land();
    if (verdict !== undefined || context.ports.signal.aborted) break;
    const next = headAfter(context, prepared, head);
    const following = steps[index + 1];
    const together = places[index];
    const recording = {
      head: next,
      nextStarted: following?.step.id ?? start.after,
      durable: following === undefined,
      ...(together === undefined ? {} : { together }),
    };
    const segment = prepared.analysis.segments[0] ?? emptySegment;
    const position = { run: context.run, epoch: context.epoch, head };
    let message: StepMessage;
    try {
      message = await segmentMessage(prepared, segment, position, recording);
    } catch (error) {
      // The file is gone or was changed. Messages in flight are still applied and reported.
      while (flights.length > 0) await land();
      if (verdict === undefined) {
        await rollBack();
        throw error;
      }
      break;
    }
    flights.push({
      prepared,
      message,
      head: next,
      reply: context.session.send(message.text, { rows: message.recordedAt }),
    });
    state.bytes += message.text.length;
    head = next;
  }
  while (flights.length > 0) await land();
  await rollBack();
  return { applied: state.applied, head: state.head, ...verdict };
}

/** The head of the history after this step. */
export function headAfter({ ports }: ApplyContext, { step }: PreparedStep, head: string): string {
  return nextHead(ports.hashing, head, { kind: kindOf(step), id: step.id, checksum: step.checksum });
}

/** A migration without statements is applied as an empty transaction. */
export const emptySegment: Segment = { kind: 'transaction', first: 0, last: -1 };

/**
 * The aborted transaction (25P02), the head that did not move (GW002), and the common transaction that was not begun
 * (25P01) follow from an earlier failure.
 */
function isConsequence({ error }: RefusedReply): boolean {
  return error.sqlstate === '25P02' || error.sqlstate === 'GW002' || error.sqlstate === '25P01';
}

function causeOf(
  verdict: { readonly refusal: RefusedReply; readonly message: StepMessage } | undefined,
  refusal: RefusedReply,
  message: StepMessage,
): { readonly refusal: RefusedReply; readonly message: StepMessage } {
  return verdict !== undefined && isConsequence(refusal) ? verdict : { refusal, message };
}
