import type { RunnerPorts } from '../../contract/runner-ports.ts';

/** The value of a promise, or undefined if it takes longer than `ms` milliseconds. */
export async function within<T>(
  ports: Pick<RunnerPorts, 'timer'>,
  ms: number,
  promise: Promise<T>,
): Promise<T | undefined> {
  let cancel: () => void = () => {};
  const late = new Promise<undefined>((resolve) => {
    cancel = ports.timer(ms, () => resolve(undefined));
  });
  try {
    return await Promise.race([promise, late]);
  } finally {
    cancel();
  }
}

/** Waits the full time, even when the run is to stop. */
export async function pause(ports: Pick<RunnerPorts, 'timer'>, ms: number): Promise<void> {
  await new Promise<void>((resolve) => {
    ports.timer(ms, resolve);
  });
}
