import { fault } from '../../../kit/fault.ts';
import { err, ok, type Outcome } from '../../../kit/outcome.ts';
import { networkSettings } from './session-settings.ts';
import type { ResultSet, Session } from '../../contract/ports.ts';
import type { RunnerPorts } from '../../contract/runner-ports.ts';
import { serverFault } from '../../contract/server-fault.ts';
import { within } from './deadline.ts';

/**
 * The second connection of a run that changes the database: for what must not wait behind the work, such as fencing it
 * and cancelling it, looking at who blocks it, seeing that the server is still there.
 */
export interface Control {
  /**
   * Sends one message there and returns all its rows. Never rejects and never waits longer than `withinMs` (10 s): a
   * connection that does not answer is given up, and the next question makes a new one.
   *
   * @returns the results, or why there are none: the server's words, `connection-lost` (silence too), or whatever
   * prevents a connection
   */
  ask(text: string, withinMs?: number): Promise<Outcome<readonly ResultSet[]>>;
  close(): Promise<void>;
}

/** Its questions are small: one that takes long, or waits for a lock, is of no use any more. */
const settings: Readonly<Record<string, string>> = {
  statement_timeout: '5s',
  lock_timeout: '2s',
  idle_session_timeout: '0',
  // What it writes fences a run: no standby is waited for.
  synchronous_commit: 'local',
  DateStyle: 'ISO',
  ...networkSettings,
};

const timeoutMs = 10_000;

/**
 * Begins to open the control connection of a run, and does not wait for it. That it cannot be had is told once, as a
 * warning: the run goes on without.
 *
 * @param run id of the run
 * @param when `when-asked`: the connection is made for the first question; that it cannot be had is told to who asks
 */
export function openControl(ports: RunnerPorts, run: string, when: 'now' | 'when-asked' = 'now'): Control {
  const leaving = new AbortController();
  let reported = when === 'when-asked';
  let session: Promise<Session | undefined> | undefined;
  let finding = fault('connection-lost');

  const open = async (): Promise<Session | undefined> => {
    const opened = await ports.connector.open({
      pipelined: true,
      applicationName: `godwit ${run} control`,
      settings,
      signal: leaving.signal,
    });
    // One that was there and is lost is another matter: the run finds out what has happened to its work.
    if (opened.ok) reported = true;
    if (opened.ok) return opened.value;
    session = undefined;
    [finding = finding] = opened.findings;
    if (!reported && !leaving.signal.aborted)
      ports.emit({
        kind: 'finding',
        finding: fault('no-control-connection', { why: `${fault('no-control-connection').why} ${finding.why}` }),
      });
    reported = true;
    return undefined;
  };
  const present = (): Promise<Session | undefined> => (session ??= open());

  if (when === 'now') void present();
  return {
    async ask(text, withinMs = timeoutMs) {
      if (leaving.signal.aborted) return err(fault('connection-lost'));
      const asking = present();
      const until = ports.clock() + withinMs;
      const there = await within(ports, withinMs, asking);
      if (there === undefined) return err(finding);
      const reply = await within(ports, Math.max(until - ports.clock(), 1), there.send(text, { rows: 'all' }));
      if (reply?.ok === true) return ok(reply.results);
      if (reply !== undefined && !reply.error.lost) return err(serverFault(reply.error));
      there.abandon();
      if (session === asking) session = undefined;
      const why = reply === undefined ? `No answer for ${Math.round(withinMs / 1000)} s.` : reply.error.message;
      return err(fault('connection-lost', { why }));
    },
    async close() {
      // One that is still being made is given up; nobody waits for a server that does not answer.
      const going = session;
      leaving.abort();
      await (await going)?.close();
    },
  };
}
