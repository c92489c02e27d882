import type { Session } from '../../contract/ports.ts';
import type { RunnerPorts } from '../../contract/runner-ports.ts';
import { within } from './deadline.ts';

const timeoutMs = 10_000;

/** A session that sends nothing while the process is suspended, and is tested first after it wakes. */
export function suspendableSession(ports: Pick<RunnerPorts, 'suspension' | 'timer'>, session: Session): Session {
  const { suspension } = ports;
  if (suspension === undefined) return session;
  const forget = suspension.onWake(async () => {
    // A session that waits for an answer is watched from the control connection.
    if (session.waiting > 0) return;
    if ((await within(ports, timeoutMs, session.send('select'))) === undefined) session.abandon();
  });
  // Messages that were held back are sent in order.
  let queue: Promise<void> | undefined;
  const turn = async (): Promise<void> => {
    const mine = (queue ?? Promise.resolve()).then(() => suspension.held);
    queue = mine;
    await mine;
    if (queue === mine) queue = undefined;
  };
  const isFree = (): boolean => suspension.held === undefined && queue === undefined;
  return {
    ...session,
    get waiting() {
      return session.waiting;
    },
    get answered() {
      return session.answered;
    },
    async send(text, options) {
      if (!isFree()) await turn();
      return await session.send(text, options);
    },
    async copyIn(command, data) {
      if (!isFree()) await turn();
      return await session.copyIn(command, data);
    },
    abandon() {
      forget();
      session.abandon();
    },
    async close() {
      forget();
      await session.close();
    },
    leave() {
      forget();
      session.leave();
    },
  };
}
