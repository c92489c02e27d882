import { fault } from '../../../kit/fault.ts';
import { err, ok, type Outcome } from '../../../kit/outcome.ts';
import { networkSettings } from './session-settings.ts';
import type { ResultSet, Session } from '../../contract/ports.ts';
import type { RunnerPorts } from '../../contract/runner-ports.ts';
import { serverFault } from '../../contract/server-fault.ts';
import { within } from './deadline.ts';

/**
 * The second connection of a run that changes the database: for everything that must not queue behind the work, such as
 * fencing and cancelling it, querying its blockers, and checking that the server still answers.
 */
export interface Control {
  /**
   * Sends one message there and returns all its rows. Never rejects and never waits longer than `withinMs` (10 s): a
   * connection that does not answer is given up, and the next query opens a new one.
   *
   * @returns the results, or why there are none: the server's error, `connection-lost` (also for silence), or whatever
   * prevents a connection
   */
  ask(text: string, withinMs?: number): Promise<Outcome<readonly ResultSet[]>>;
  close(): Promise<void>;
}

/** Its queries are small: one that takes long, or waits for a lock, is no longer useful. */
const settings: Readonly<Record<string, string>> = {
  statement_timeout: '5s',
  lock_timeout: '2s',
  idle_session_timeout: '0',
  // Its writes fence a run: they do not wait for a standby.
  synchronous_commit: 'local',
  DateStyle: 'ISO',
  ...networkSettings,
};

const timeoutMs = 10_000;

/**
 * Starts opening the control connection of a run without waiting for it. A failure is reported once, as a warning: the
 * run continues without it.
 *
 * @param run id of the run
 * @param when `when-asked`: the connection is opened for the first query; a failure is returned to the caller
 */
export function openControl(
  ports: RunnerPorts,
  run: string,
  when: 'now' | 'when-asked' = ports.controlWhenAsked === true ? 'when-asked' : 'now',
): Control {
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
    // The loss of an open connection is not reported here: the run finds out what has happened to its work.
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
      // A connection attempt in progress is given up, so that nothing waits for a silent server.
      const going = session;
      leaving.abort();
      await (await going)?.close();
    },
  };
}
