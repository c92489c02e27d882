import { catalogue, type FaultCode } from '../../../kit/catalogue/index.ts';
import { fault } from '../../../kit/fault.ts';
import type { Finding } from '../../../kit/finding.ts';
import { err, type Outcome } from '../../../kit/outcome.ts';
import type { RunnerPorts } from '../../contract/runner-ports.ts';

/** The server answered, so the network is up: a restarting server is back within this part of the budget. */
const refusedShare = 0.25;

type ConnectTry<T> = () => Promise<Outcome<T>>;

/**
 * Tries to connect until it works, the budget is used up, or what is wrong will not get better by waiting (a refused
 * password, say). Each failed try is reported.
 */
export async function connectPatiently<T>(ports: RunnerPorts, open: ConnectTry<T>): Promise<Outcome<T>> {
  const budgetMs = ports.connectBudgetMs ?? 0;
  const began = ports.clock();
  const causes = new Map<Cause, number>();
  for (let attempt = 1; ; attempt += 1) {
    const opened = await open();
    if (opened.ok || ports.signal.aborted || budgetMs === 0) return opened;
    const [finding] = opened.findings;
    if (finding === undefined || !mayConnectLater(finding)) return opened;
    const waitedMs = Math.round(ports.clock() - began);
    const cause = causeOf(finding);
    causes.set(cause, (causes.get(cause) ?? 0) + 1);
    ports.emit({ kind: 'connecting', attempt, waitedMs, budgetMs, why: finding.why });
    const pause = Math.min(5_000, 250 * 2 ** Math.min(attempt - 1, 5));
    const answered = causes.size === 1 && cause === 'refused';
    if (waitedMs + pause > budgetMs * (answered ? refusedShare : 1))
      return err(unreachable(finding, { causes, attempt, waitedMs }));
    await ports.sleep(pause);
  }
}

function mayConnectLater({ code }: Finding): boolean {
  return Object.hasOwn(catalogue, code) && catalogue[code].retryable === true;
}

type Cause = 'route' | 'policy' | 'silence' | 'refused' | 'name' | 'other';

const withoutWay: ReadonlySet<string> = new Set<FaultCode>(['no-route', 'host-unreachable']);

function causeOf({ code }: Finding): Cause {
  if (withoutWay.has(code)) return 'route';
  if (code === 'network-prohibited') return 'policy';
  if (code === 'connection-timeout') return 'silence';
  if (code === 'connection-refused') return 'refused';
  return code === 'host-not-found' ? 'name' : 'other';
}

const words: Readonly<Record<Cause, string>> = {
  route: 'no route',
  policy: 'prohibited',
  silence: 'no answer',
  refused: 'refused',
  name: 'the name has no address',
  other: 'another reason',
};

const fixes: Readonly<Record<Cause, string>> = {
  route:
    'The job cannot reach the network of the database. Check that the job has a VPC connector or a subnet of that network (`network` in godwit.config), and that the address in the secret is the private one: `gcloud sql instances describe INSTANCE --format "value(ipAddresses)"`.',
  policy:
    'A network rule rejects the connection before a packet leaves: ask your network administrator to let the job, by its range, subnet or network tag, reach the host and port of the database.',
  silence:
    'Packets are dropped on their way: a firewall rule, a connector in another network, or an old address in the secret. Compare the address with `gcloud sql instances describe INSTANCE --format "value(ipAddresses)"`, and allow TCP to its port from the range of the connector or subnet.',
  refused:
    'The host is up, but nothing listens at this port: start the instance, or correct host and port in the secret (PostgreSQL: 5432; 3307 belongs to the Cloud SQL proxy).',
  name: 'Put the private IP into the secret in place of the name, or make the name known to the private network (Cloud DNS).',
  other: 'See the reason for each attempt above. Check the host, port and network of the database URL in the secret.',
};

interface Tries {
  readonly causes: ReadonlyMap<Cause, number>;
  readonly attempt: number;
  readonly waitedMs: number;
}

/** The summary of all tries; the most frequent cause decides what to check. */
function unreachable(last: Finding, { causes, attempt, waitedMs }: Tries): Finding {
  const counted = [...causes].sort(([, a], [, b]) => b - a);
  const most = counted[0]?.[0] ?? 'other';
  const reported = counted.map(([cause, count]) => `${count} × ${words[cause]}`).join(', ');
  const why = `No connection after ${attempt} attempts in ${Math.round(waitedMs / 1_000)} s (${reported}). The last one: ${last.why}`;
  // If all tries had the same cause, its code is used.
  const code = causes.size === 1 && most !== 'other' ? last.code : 'database-unreachable';
  return fault(code, { why, fix: fixes[most] });
}
