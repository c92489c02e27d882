import type { Control } from '../session/control-connection.ts';
import { endStandbyWaits } from '../session/standby.ts';
import { cancelBackend, cancelByName } from '../session/raise-epoch.ts';
import type { RunnerPorts } from '../../contract/runner-ports.ts';
import { backendsOf, workingOn, type LiveRun } from './live-run.ts';

/** What a stop does while the run ends. */
export interface Stopping {
  /** After it nothing more is cancelled: later messages of the run are its own clean-up. */
  settle(): Promise<void>;
  /** From now on no commit of this run waits for a standby, because the user waits for its end. */
  hurry(): void;
  /** Stops listening. */
  dispose(): void;
}

/** A run that can be stopped. */
export interface Stoppable extends LiveRun {
  openControl(): Control;
  /** Raises the epoch. False: it could not be raised yet. */
  fence(): Promise<boolean>;
}

/** The interval of cancel requests: a statement still in flight at the first request is reached by a later one. */
const cancelEveryMs = 500;

/**
 * Stops the run when its signal is aborted: first the epoch is raised, so that messages already sent do nothing; then
 * whatever runs is cancelled, repeatedly until the run has noticed. The run ends on its own at its next safe point,
 * without waiting for a standby.
 */
export function stopOnSignal(ports: RunnerPorts, live: Stoppable): Stopping {
  const state = { settled: false, disposed: false };
  let settle: () => void = () => {};
  const settling = new Promise<void>((resolve) => {
    settle = resolve;
  });
  let going: Promise<void> | undefined;
  let endClearing: (() => void) | undefined;

  const stop = async (): Promise<void> => {
    const control = live.openControl();
    let fenced = false;
    while (!state.settled) {
      // Repeated while the run's first writes, which make the epoch its own, are still in flight.
      fenced ||= await live.fence();
      // Only after fencing: messages that were held back no longer have any effect.
      ports.suspension?.release();
      await cancelWork(control, live);
      let cancel: () => void = () => {};
      const later = new Promise<void>((resolve) => {
        cancel = ports.timer(cancelEveryMs, resolve);
      });
      await Promise.race([later, settling]);
      cancel();
    }
  };
  const begin = (): void => {
    going = stop();
  };
  const hurry = (): void => {
    const { control } = live;
    if (control === undefined || state.disposed) return;
    endClearing ??= endStandbyWaits(ports, control, live.run, () => workingOn(live));
  };
  if (ports.signal.aborted) begin();
  ports.signal.addEventListener('abort', begin, { once: true });
  return {
    async settle() {
      if (!ports.signal.aborted) return;
      state.settled = true;
      settle();
      await going;
      hurry();
    },
    hurry,
    dispose() {
      state.disposed = true;
      endClearing?.();
      ports.signal.removeEventListener('abort', begin);
    },
  };
}

async function cancelWork(control: Control, live: LiveRun): Promise<void> {
  // Through a pooler, only the process that serves us now has the name that each message sets.
  if (live.pooled) return await cancelByName(control, `godwit ${live.run}`);
  const asked = await Promise.all(backendsOf(live).map((backend) => cancelBackend(control, backend)));
  // Without a second connection the work is cancelled with the session's own cancel key.
  if (asked.includes(false)) await Promise.all([live.session.cancel(), live.copySession?.cancel()]);
}
