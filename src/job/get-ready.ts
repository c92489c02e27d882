import { beginSession } from '../adapters/postgres/begun-session.ts';
import { createConnector } from '../adapters/postgres/connector.ts';
import type { Finding } from '../kit/finding.ts';
import { err, ok, type Outcome } from '../kit/outcome.ts';
import type { Redactor } from '../kit/redact.ts';
import type { ProcessVariables } from '../kit/secret-variables.ts';
import type { Bundle, Connector } from '../migrate/contract/ports.ts';
import type { Task } from '../migrate/contract/task.ts';
import { firstRequest, sessionOptions } from '../migrate/runner/session/session-request.ts';
import { addressOf, namesItself, ownContainer } from './job-address.ts';

/** The input of a runner. */
export interface JobWork {
  readonly task: Task;
  bundle(): Promise<Outcome<Bundle>>;
  /** Why the runner must not start. */
  readonly refusal?: Finding;
  /**
   * Only in a remote job: how long the network may take to come up, and how long one connection attempt may take, in
   * milliseconds.
   */
  readonly connecting?: { readonly budgetMs: number; readonly tryMs: number };
  /** How long events wait for others to share a line with. */
  readonly gatherMs: number;
}

/** What a runner performs its task with. */
interface ReadyJob {
  readonly connector: Connector;
  readonly bundle: Bundle;
  /** What has no effect in the address. */
  readonly findings: readonly Finding[];
}

/**
 * Reads the address and the bundle. The connection is under way while the bundle is unpacked and checked; the server is
 * asked nothing before the bundle has been found whole, and a damaged one is told before whatever is wrong with the
 * address.
 */
export async function getReady(
  work: JobWork,
  { env, redactor }: { readonly env: ProcessVariables; readonly redactor: Redactor },
): Promise<Outcome<ReadyJob>> {
  const url = addressOf(env, redactor);
  if (work.refusal !== undefined) return err(work.refusal);
  if (!url.ok) {
    const damaged = await work.bundle();
    return damaged.ok ? url : damaged;
  }
  const connector = createConnector(url.value.address, work.connecting?.tryMs);
  const terms = sessionOptions(firstRequest(work.task), connector.settings);
  const early = namesItself(env, url.value) ? undefined : beginSession(connector, terms, []);
  const bundle = await work.bundle();
  if (!bundle.ok) {
    early?.leave();
    return bundle;
  }
  const itself = await ownContainer(env, url.value);
  if (itself !== undefined) {
    early?.leave();
    return err(itself);
  }
  const { findings } = url.value;
  return ok({ connector: early?.connector ?? connector, bundle: bundle.value, findings });
}
