import { catalogue, type FaultCode } from '../../../kit/catalogue/index.ts';
import { fault } from '../../../kit/fault.ts';
import type { Finding } from '../../../kit/finding.ts';
import { err, type Outcome } from '../../../kit/outcome.ts';
import type { RunnerPorts } from '../../contract/runner-ports.ts';
import { fixInJob } from './connect-fixes.ts';

/** The host or a proxy answered, so the network is up: what restarts is back within this part of the budget. */
const answeredShare = 0.25;

type ConnectTry<T> = () => Promise<Outcome<T>>;

/**
 * Tries to connect until it works, the budget is used up, or what is wrong will not get better by waiting (a refused
 * password, say). Each failed try is reported. There is a budget only in a remote job.
 */
export async function connectPatiently<T>(ports: RunnerPorts, open: ConnectTry<T>): Promise<Outcome<T>> {
  const budgetMs = ports.connectBudgetMs ?? 0;
  const began = ports.clock();
  const causes = new Map<Cause, number>();
  const reasons = new Set<string>();
  for (let attempt = 1; ; attempt += 1) {
    const opened = await open();
    if (opened.ok || ports.signal.aborted || budgetMs === 0) return opened;
    const [finding] = opened.findings;
    if (finding === undefined) return opened;
    if (!mayConnectLater(finding)) return err(fixInJob(finding));
    const waitedMs = Math.round(ports.clock() - began);
    const cause = causeOf(finding);
    causes.set(cause, (causes.get(cause) ?? 0) + 1);
    reasons.add(finding.why);
    ports.emit({ kind: 'connecting', attempt, waitedMs, budgetMs, why: finding.why });
    const pause = Math.min(5_000, 250 * 2 ** Math.min(attempt - 1, 5));
    const answered = [...causes.keys()].every((known) => soon.has(known));
    if (waitedMs + pause > budgetMs * (answered ? answeredShare : 1))
      return err(unreachable(finding, { causes, reasons: [...reasons], attempt, waitedMs }));
    await ports.sleep(pause);
  }
}

function mayConnectLater({ code }: Finding): boolean {
  return Object.hasOwn(catalogue, code) && catalogue[code].retryable === true;
}

type Cause = keyof typeof words;

const words = {
  route: 'no route',
  policy: 'prohibited',
  silence: 'no answer',
  refused: 'refused',
  closed: 'closed',
  name: 'the name has no address',
  pooler: 'the pooler has no server',
  full: 'no free connection',
  starting: 'starting up or shutting down',
  other: 'another reason',
} as const;

const causeByCode: Partial<Record<string, Cause>> = {
  'no-route': 'route',
  'host-unreachable': 'route',
  'network-prohibited': 'policy',
  'connection-timeout': 'silence',
  'connection-refused': 'refused',
  'connection-closed': 'closed',
  'host-not-found': 'name',
  'pooler-without-server': 'pooler',
  'too-many-connections': 'full',
  'server-starting': 'starting',
} satisfies Partial<Record<FaultCode, Cause>>;

function causeOf({ code }: Finding): Cause {
  return causeByCode[code] ?? 'other';
}

/** Waited for less long. */
const soon: ReadonlySet<Cause> = new Set(['refused', 'closed', 'pooler']);

/** The server itself, or its pooler, has said what is wrong. */
const said: ReadonlySet<Cause> = new Set(['pooler', 'full', 'starting']);

/** How many earlier reasons are shown. */
const mostReasons = 4;

interface Tries {
  readonly causes: ReadonlyMap<Cause, number>;
  /** Each of them once, in order. */
  readonly reasons: readonly string[];
  readonly attempt: number;
  readonly waitedMs: number;
}

/** The summary of all tries; the most frequent cause decides what to check, unless the server has said it last. */
function unreachable(last: Finding, { causes, reasons, attempt, waitedMs }: Tries): Finding {
  const counted = [...causes].sort(([, a], [, b]) => b - a);
  const newest = causeOf(last);
  const most = said.has(newest) ? newest : (counted[0]?.[0] ?? 'other');
  const reported = counted.map(([cause, count]) => `${count} × ${words[cause]}`).join(', ');
  const before = reasons.filter((reason) => reason !== last.why).slice(-mostReasons);
  const others = before.length === 0 ? '' : ` Before it: ${before.join('; ')}`;
  const why = `No connection after ${attempt} attempts in ${Math.round(waitedMs / 1_000)} s (${reported}). The last one: ${last.why}${others}`;
  // If all tries had the same cause, its code is used.
  const code = said.has(newest) || (causes.size === 1 && most !== 'other') ? last.code : 'database-unreachable';
  const found = code === last.code ? last : fault(code, most === 'other' ? {} : generalFix(most));
  return { ...fixInJob(found), why };
}

/** What to check if most tries had this cause, and others another one. */
function generalFix(cause: Cause): { readonly fix?: string } {
  const code = Object.entries(causeByCode).find(([, one]) => one === cause)?.[0] as FaultCode;
  return { fix: fixInJob(fault(code)).fix };
}
