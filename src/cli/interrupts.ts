/** Decides what Ctrl-C does: true stops the command, false lets it continue. */
export type Decide = () => Promise<boolean>;

/** What the program does when it is asked to end. */
export interface Interrupts {
  /** Aborted: the command must stop at its next safe point. */
  readonly signal: AbortSignal;
  /** From now on a change is under way, and `decide` determines what Ctrl-C does; the returned function undoes this. */
  readonly onCtrlC: (decide: Decide) => () => void;
  /** Ctrl-C. The first one asks, or stops the command when nobody can answer; the second one ends the program. */
  interrupted(): void;
  /** SIGTERM, SIGHUP. The first one stops the command; the second one ends the program, whatever the server does. */
  terminated(): void;
  /**
   * Nobody reads the output any more. A change that is under way stops at its next safe point; any other command ends
   * at once: with 0 if `product` is true, because printing was its only purpose; otherwise with 130, because it has not
   * finished and so has done nothing.
   */
  deserted(product: boolean): void;
}

/**
 * npm and similar programs pass on a Ctrl-C that the terminal has already sent to this process: two within this time
 * count as one.
 */
const echoMs = 300;

const leftAtOnce =
  'Left at once. What was committed is recorded; the server rolls back the rest. `godwit status` shows what is applied, and the same command resumes there.';

/**
 * @param leave ends the process at once, with this exit code unless one is set already; a person reads the words
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
