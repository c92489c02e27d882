import { existsSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { brotliDecompressSync } from 'node:zlib';
import { readBundleFolder } from '../adapters/bundle/bundle-folder.ts';
import { bundleInVariable } from '../adapters/bundle/carry-bundle.ts';
import type { DatabaseAddress } from '../adapters/postgres/address.ts';
import { readDatabaseUrl } from '../adapters/url/database-url.ts';
import { milliseconds } from '../kit/duration.ts';
import { fault } from '../kit/fault.ts';
import { err, ok, type Outcome } from '../kit/outcome.ts';
import type { Redactor } from '../kit/redact.ts';
import type { Bundle, Hashing } from '../migrate/contract/ports.ts';
import { readTask } from '../migrate/contract/read-task.ts';
import type { Task } from '../migrate/contract/task.ts';

/** The variables of a process. */
export type Variables = Readonly<Record<string, string | undefined>>;

/** The largest task that is unpacked, in bytes. */
const longestTask = 16 * 1024 * 1024;

/** The task that a job was started with; undefined if the variable contains no readable task. */
export function taskInVariable(env: Variables): Task | undefined {
  try {
    const packed = Buffer.from(env['GODWIT_TASK'] ?? '', 'base64');
    return readTask(JSON.parse(brotliDecompressSync(packed, { maxOutputLength: longestTask }).toString('utf8')));
  } catch {
    return undefined;
  }
}

/** The task in the folder that a runner was started with; undefined if the folder contains no readable task. */
export function taskInFolder(folder: string): Task | undefined {
  try {
    return readTask(JSON.parse(readFileSync(join(folder, 'task.json'), 'utf8')));
  } catch {
    return undefined;
  }
}

/** The bundle that a job was started with: from its variable, or from the folder next to the runner. */
export async function bundleOfJob(env: Variables, runner: string, hashing: Hashing): Promise<Outcome<Bundle>> {
  const packed = env['GODWIT_BUNDLE'];
  const bundle =
    packed === undefined || packed === ''
      ? await readBundleFolder(join(dirname(runner), 'bundle'), hashing)
      : await bundleInVariable(packed, hashing);
  if (!bundle.ok) return bundle;
  const wanted = env['GODWIT_BUNDLE_HASH'] ?? '';
  if (bundle.value.hash === wanted) return bundle;
  const why = `The job was started for bundle ${wanted.slice(0, 12)}, but its image contains ${bundle.value.hash.slice(0, 12)}.`;
  return err(fault('bundle-damaged', { why }));
}

/** The address of the database. Its password is registered with the redactor in every form that is known. */
export function addressOf(env: Variables, redactor: Redactor): Outcome<DatabaseAddress> {
  const text = (env['DATABASE_URL'] ?? '').trim();
  redactor.register(text);
  const serverCa = env['GODWIT_SERVER_CA'] ?? '';
  const url = readDatabaseUrl(text, 'DATABASE_URL', {
    user: env['PGUSER'] ?? 'postgres',
    ...(serverCa === '' ? {} : { serverCa }),
  });
  if (!url.ok) return url;
  const { address } = url.value;
  redactor.register(address.password ?? '');
  // The password in the URL may be encoded in a way that is neither the raw form nor the one that godwit writes.
  redactor.register(/^[a-z]+:\/\/[^:@/]*:([^@]*)@/i.exec(text)?.[1] ?? '');
  if (address.host.startsWith('/') && !existsSync(address.host)) {
    const { why, fix } = fault('url-socket');
    return err(
      fault('url-socket', {
        why: `The secret names the socket folder ${address.host}, which this job does not have: it reaches the database over the private network. ${why}`,
        fix: `Put the private address into the secret as a new version. ${fix} \`gcloud sql instances describe INSTANCE --format "value(ipAddresses)"\` shows it.`,
      }),
    );
  }
  return ok(address);
}

/** How long the first connection may take, in milliseconds. */
export function connectBudget(env: Variables): number {
  return milliseconds(env['GODWIT_CONNECT_BUDGET'] ?? '') ?? 120_000;
}
