import type { Suspension } from '../migrate/contract/runner-ports.ts';

/** How long a process that was stopped waits at most if nobody wakes it. */
const longestHoldMs = 5 * 60_000;

/** One listener for all runs of this process. */
const sleepers = new Set<() => void>();
const wakeAll = (): void => {
  for (const wake of sleepers) wake();
};

function listen(wake: () => void): () => void {
  if (sleepers.size === 0) process.on('SIGCONT', wakeAll);
  sleepers.add(wake);
  return () => {
    sleepers.delete(wake);
    if (sleepers.size === 0) process.off('SIGCONT', wakeAll);
  };
}

/**
 * Suspends and wakes the runs of this process by its signals. SIGCONT wakes them. With `holds`, a preceding SIGTSTP
 * makes them pause instead of stopping the process: managed platforms use it to announce that they are going to break
 * the connections.
 */
export function processSuspension(options: { readonly holds: boolean }): Suspension & Disposable {
  const checks = new Set<() => Promise<void>>();
  let held: { readonly promise: Promise<void>; readonly release: () => void } | undefined;
  let timer: NodeJS.Timeout | undefined;
  let wakes = 0;

  const hold = (): void => {
    let release: () => void = () => {};
    const promise = new Promise<void>((resolve) => {
      release = resolve;
    });
    held ??= { promise, release };
    clearTimeout(timer);
    timer = setTimeout(() => void wake(), longestHoldMs);
    timer.unref();
  };
  const wake = async (): Promise<void> => {
    hold();
    clearTimeout(timer);
    wakes += 1;
    const mine = wakes;
    await Promise.all([...checks].map((check) => check().catch(() => {})));
    // The process was stopped and woken again in the meantime: the last wake-up releases.
    if (mine !== wakes) return;
    release();
  };
  const release = (): void => {
    held?.release();
    held = undefined;
  };
  const stopListening = listen(() => void wake());
  if (options.holds) process.on('SIGTSTP', hold);
  return {
    get held() {
      return held?.promise;
    },
    onWake(check) {
      checks.add(check);
      return () => checks.delete(check);
    },
    release,
    [Symbol.dispose]() {
      stopListening();
      process.off('SIGTSTP', hold);
      clearTimeout(timer);
      release();
    },
  };
}
