import type { Task } from '../migrate/contract/task.ts';
import type { Context } from './command.ts';

/** The question at Ctrl-C, for a local (`here`) and a remote (`away`) run, and the message when the run has to stop. */
const stopping = {
  run: {
    here: '\nStop the run at its next safe point? What is applied remains applied. Ctrl-C again leaves at once. [Y/n] ',
    away: '\nThis run executes in Cloud Run. [c]ancel at the next safe point, [d]etach, or [S]tay attached? ',
    reported: 'Stopping at the next safe point …; send the signal again to leave at once.',
  },
  command: {
    here: '\nEnd the command and the processes that it started? Ctrl-C again leaves at once. [Y/n] ',
    away: '\nThis command runs in Cloud Run. [c]ancel it, [d]etach, or [S]tay attached? ',
    reported: 'Ending the command …; send the signal again to leave at once.',
  },
} as const;

/** If a person can answer, Ctrl-C asks, and the run continues meanwhile. Otherwise Ctrl-C stops the run. */
export function bindCtrlC(
  { io, screen, signal, onCtrlC }: Context,
  kind: Task['kind'],
  leaving: AbortController | undefined,
): () => void {
  const words = stopping[kind === 'exec' ? 'command' : 'run'];
  const over = new AbortController();
  const unbind = onCtrlC(async () => {
    if (!io.interactive || screen.json) return true;
    const question = leaving === undefined ? words.here : words.away;
    const answer = await screen.asking(async () => await io.ask(question, over.signal));
    if (over.signal.aborted) return false;
    if (leaving === undefined) return !/^n/i.test(answer ?? '');
    if (/^[ld]/i.test(answer ?? '')) leaving.abort();
    return /^c/i.test(answer ?? '');
  });
  const report = (): void => screen.say(words.reported);
  signal.addEventListener('abort', report);
  return () => {
    signal.removeEventListener('abort', report);
    unbind();
    // The run has ended: an unanswered question must not keep the program alive.
    over.abort();
  };
}
