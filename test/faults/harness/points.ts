import type { Passed, WirePoint } from './proxy.ts';

/**
 * The points of a run at which a fault finds runner and server in different states: before and after each message of
 * the runner, and before and after the message that closes each answer of the server. Two points with the same state
 * are one: the messages inside an answer (the runner acts when it is closed), and the end of an answer when the runner's
 * next message follows it (that is the point before this message).
 *
 * @param options `everyMessage` takes all messages one by one, the same states many times
 */
export function pointsOf(
  passed: readonly Passed[],
  options: { readonly everyMessage?: boolean } = {},
): readonly WirePoint[] {
  return passed.flatMap((message): WirePoint[] => {
    const { connection, direction, n, type } = message;
    const before = { connection, direction, n, when: 'before' } as const;
    const after = { ...before, when: 'after' } as const;
    if (direction === 'frontend' || options.everyMessage === true) return [before, after];
    if (!closing.has(type)) return [];
    return followedByRunner(passed, message) ? [before] : [before, after];
  });
}

/** What the runner can know does not matter where it dies or loses its sessions: only what the server has got. */
export function runnerPointsOf(passed: readonly Passed[]): readonly WirePoint[] {
  return pointsOf(passed.filter(({ direction }) => direction === 'frontend'));
}

/** ReadyForQuery, ErrorResponse, CopyInResponse, and what the authentication asks for. */
const closing: ReadonlySet<string> = new Set(['Z', 'E', 'G', 'R']);

function followedByRunner(passed: readonly Passed[], message: Passed): boolean {
  const later = passed.slice(passed.indexOf(message) + 1);
  return later.find(({ connection }) => connection === message.connection)?.direction === 'frontend';
}
