import { fault } from '../../../kit/fault.ts';
import type { Finding } from '../../../kit/finding.ts';
import type { Outcome } from '../../../kit/outcome.ts';
import { quoteLiteral } from '../../../sql/quote.ts';
import { within } from '../session/deadline.ts';
import type { LiveRun } from '../run/live-run.ts';
import type { RunnerPorts } from '../../contract/runner-ports.ts';

/** Keeps the run's hold on the database while its command works, possibly for hours. */
export interface Supervision {
  /** Why the command must end: it was asked to, or another run has taken over the database. */
  readonly broken: Promise<Finding>;
  /** Ends it, and waits for a reconnection in progress, so that no session is opened after the run has closed its own. */
  end(): Promise<void>;
}

export interface SupervisionOptions {
  /** True: it holds the database. */
  readonly alone: boolean;
  /** Reopens the run's session, with everything that it held. */
  readonly comeBack: () => Promise<Outcome<void>>;
}

const askEveryMs = 1_000;
/** Every how many beats the session that holds the run lock is tried. */
const tryEvery = 3;
const answerMs = 30_000;

/** As long as a reconnection takes at most, unless the server is silent. */
const goodbyeMs = 60_000;

/**
 * Asks over the control connection whether the run must end or has been taken over, and tries the session that holds
 * the lock. A lost session is reopened; while the server is away, the command continues: its own database work fails
 * anyway.
 */
export function supervise(
  ports: Pick<RunnerPorts, 'emit' | 'timer'>,
  live: Pick<LiveRun, 'run' | 'control' | 'session'>,
  options: SupervisionOptions,
): Supervision {
  const run = quoteLiteral(live.run);
  const question = `select (select run from godwit.epoch),
  (select body from godwit.event where run = ${run} and kind = 'cancel-requested' order by n desc limit 1)`;
  let ended = false;
  let cancel: () => void = () => {};
  let beating: Promise<void> = Promise.resolve();
  let breaks: (finding: Finding) => void = () => {};
  const broken = new Promise<Finding>((resolve) => {
    breaks = resolve;
  });
  const check = async (): Promise<void> => {
    const asked = await live.control?.ask(question);
    if (asked?.ok !== true) return;
    const [owner, request] = asked.value[0]?.rows[0] ?? [];
    if (request != null) return breaks(cancelled(request));
    if (options.alone && owner !== live.run) breaks(fault('taken-over'));
  };
  const tryOut = async (): Promise<void> => {
    const answer = await within(ports, answerMs, live.session.send('select'));
    if (answer !== undefined && (answer.ok || !answer.error.lost)) return;
    const text = 'The connection that holds the database for the command was lost; reconnecting.';
    ports.emit({ kind: 'notice', severity: 'WARNING', text });
    const back = await options.comeBack();
    if (back.ok || ended) return;
    const [finding] = back.findings;
    if (finding !== undefined && (finding.code === 'taken-over' || finding.code === 'busy')) breaks(finding);
  };
  const beat = async (n: number): Promise<void> => {
    await check();
    if (!ended && n % tryEvery === 0) await tryOut();
    if (!ended) schedule(n + 1);
  };
  const schedule = (n: number): void => {
    cancel = ports.timer(askEveryMs, () => {
      beating = beat(n);
    });
  };
  schedule(1);
  return {
    broken,
    async end() {
      ended = true;
      cancel();
      await within(ports, goodbyeMs, beating);
    },
  };
}

function cancelled(request: string): Finding {
  let by = '';
  try {
    by = (JSON.parse(request) as { readonly by?: string }).by ?? '';
  } catch {
    by = '';
  }
  return fault('interrupted', {
    why: `${by === '' ? 'Someone' : by} asked the command to stop with \`godwit runs cancel\`.`,
    fix: 'Check what the command did before you run it again.',
  });
}
