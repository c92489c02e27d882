import type { GoogleError } from '../../src/adapters/google/error.ts';
import { waitForOperation, type Operation } from '../../src/adapters/google/operations.ts';
import type { Site } from './site.ts';

/** How the platform took a job. */
export type Taken =
  | { readonly how: 'refused'; readonly error: GoogleError }
  /** The job was made; its operation failed. */
  | { readonly how: 'failed'; readonly error: GoogleError }
  | { readonly how: 'made' };

/** What differs from a job that does nothing, and does it once. */
export interface JobWish {
  /** Becomes part of the job's name. */
  readonly what: string;
  readonly image?: string;
  readonly serviceAccount?: string;
  readonly secret?: string;
  readonly token?: string;
}

/** Every job that the questions make begins so. */
export const ownPrefix = 'godwit-conformance-';

const patienceMs = 120_000;

/**
 * Makes a job, says how it was taken, and removes it.
 *
 * @param look is called while the job exists, right after it was made
 */
export async function makeJob(
  site: Site,
  wish: JobWish,
  look: (job: string) => Promise<void> = () => Promise.resolve(),
): Promise<Taken> {
  const { google, terms } = site;
  const id = `${ownPrefix}${wish.what}-${Date.now().toString(36).slice(-5)}`;
  const parent = `v2/projects/${terms.project}/locations/${terms.region}/jobs`;
  const variable = { name: 'SECRET', valueSource: { secretKeyRef: { secret: wish.secret, version: '1' } } };
  const container = {
    image: wish.image ?? terms.image.base,
    command: ['node', '-e', '0'],
    ...(wish.secret === undefined ? {} : { env: [variable] }),
  };
  const task = {
    containers: [container],
    maxRetries: 0,
    timeout: '60s',
    serviceAccount: wish.serviceAccount ?? terms.serviceAccount,
  };
  const job = {
    template: { taskCount: 1, template: task },
    ...(wish.token === undefined ? {} : { startExecutionToken: wish.token }),
  };
  try {
    const reply = await google.call<Operation>({
      service: 'run',
      method: 'POST',
      path: parent,
      query: { jobId: id },
      body: job,
    });
    if (!reply.ok) return { how: 'refused', error: reply.error };
    await look(id);
    const ended = await waitForOperation(google, reply.value, { service: 'run', version: 'v2', budgetMs: patienceMs });
    return ended.ok ? { how: 'made' } : { how: 'failed', error: ended.error };
  } finally {
    const removal = await google.call<Operation>({
      service: 'run',
      method: 'DELETE',
      path: `${parent}/${id}`,
      idempotent: true,
    });
    if (removal.ok)
      await waitForOperation(google, removal.value, { service: 'run', version: 'v2', budgetMs: patienceMs });
  }
}

/** An error in one line: status, reason, words, and the permission if it is named. */
export function told({ status, reason, message, permission }: GoogleError): string {
  const named = permission === undefined ? '' : ` (permission ${permission})`;
  return `${status === 0 ? '' : `${status} `}${reason}: ${message}${named}`;
}

/** What was taken, in one line. */
export function takenAs(taken: Taken): string {
  if (taken.how === 'made') return 'taken; the operation succeeds';
  return taken.how === 'refused' ? `refused: ${told(taken.error)}` : `taken; the operation fails: ${told(taken.error)}`;
}
