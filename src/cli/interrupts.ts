/** Who is asked when a person presses Ctrl-C: true stops the command, false lets it go on. */
export type Decide = () => Promise<boolean>;

/** What the program does when it is told to end. */
export interface Interrupts {
  /** Aborted: the command shall stop at its next safe point. */
  readonly signal: AbortSignal;
  /** From now on this decides what Ctrl-C means, and a change is under way; what it returns undoes that. */
  readonly onCtrlC: (decide: Decide) => () => void;
  /** Ctrl-C. The first asks, or stops when there is nobody to ask; the second leaves at once. */
  interrupted(): void;
  /** SIGTERM, SIGHUP. The first stops, the second leaves at once, whatever the server does. */
  terminated(): void;
  /**
   * Nobody listens any more. A change that is under way stops at its next safe point; anything else may leave: `product`
   * tells that what it prints was all that it was for. A command that has not come to its end has done nothing.
   */
  deserted(product: boolean): void;
}

/** npm and its kin pass on a Ctrl-C that the terminal has sent to us already: twice within this time is once. */
const echoMs = 300;

const leftAtOnce =
  'Left at once. What was committed is recorded; the server rolls back the rest. `godwit status` shows what is applied, and the same command resumes there.';

/**
 * @param leave ends the process at once, with this exit code unless there is one already; the words are for who sees it
 * @param clock milliseconds
 */
export function createInterrupts(leave: (otherwise: number, words: string) => void, clock: () => number): Interrupts {
  const controller = new AbortController();
  let decide: Decide | undefined;
  let asking = false;
  let firstAt: number | undefined;

  const ask = async (asked: Decide): Promise<void> => {
    asking = true;
    try {
      if (await asked()) controller.abort();
      else firstAt = undefined;
    } finally {
      asking = false;
    }
  };
  const isEcho = (): boolean => firstAt !== undefined && clock() - firstAt < echoMs;
  const goAtOnce = (): void => leave(130, decide === undefined ? '' : leftAtOnce);
  return {
    signal: controller.signal,
    onCtrlC(next) {
      decide = next;
      return () => {
        if (decide === next) decide = undefined;
      };
    },
    interrupted() {
      if (isEcho()) return;
      if (controller.signal.aborted || asking) return goAtOnce();
      firstAt = clock();
      if (decide === undefined) controller.abort();
      else void ask(decide);
    },
    terminated() {
      if (controller.signal.aborted) {
        if (!isEcho()) goAtOnce();
        return;
      }
      firstAt ??= clock();
      controller.abort();
    },
    deserted(product) {
      if (decide === undefined) leave(product ? 0 : 130, '');
      else controller.abort();
    },
  };
}
