import { execFile } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import {
  appendFileSync,
  chmodSync,
  constants,
  copyFileSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { dirname, join } from 'node:path';

import { fault } from '../../kit/fault.ts';
import { err, ok, type Outcome } from '../../kit/outcome.ts';
import { giveTo, makeFolder, spawnSettings, type ServerAccount } from './account.ts';
import type { FetchOptions, ServerBinaries } from './fetch.ts';
import { takeLock } from './file-lock.ts';

/** A data directory made once per version and account, copied for every project. */
export interface DataTemplate {
  readonly data: string;
  /** The superuser's password inside the template; every copy gets its own at its first start. */
  readonly password: string;
}

/** Raise it when `initialise` changes what it makes. */
const templateFormat = 1;

/** Settings of a server for development: little memory, durable, clocks in UTC, no secrets in its log. */
const settings = `
# godwit: settings of the embedded server. Edit them freely: godwit writes this file once.
shared_buffers = 32MB
max_connections = 60
max_wal_size = 512MB
min_wal_size = 32MB
timezone = 'UTC'
log_timezone = 'UTC'
datestyle = 'iso, mdy'
max_worker_processes = 8
max_logical_replication_workers = 0
`;

/** The template of this version for this account, made with initdb if missing. */
export async function ensureDataTemplate(
  binaries: ServerBinaries,
  account: ServerAccount,
  options: FetchOptions,
): Promise<Outcome<DataTemplate>> {
  const parent = join(binaries.cache, 'templates');
  const folder = join(parent, `${binaries.version}-${account.uid}-${templateFormat}`);
  const template = { data: join(folder, 'data') };
  const secret = join(folder, 'password');
  if (!existsSync(folder)) {
    makeFolder(parent, 0o711);
    const release = await takeLock(`${folder}.lock`, { waitMs: 120_000 });
    if (release === undefined) return err(fault('embedded-busy', { why: `The lock is ${folder}.lock.` }));
    try {
      if (!existsSync(folder)) {
        options.onProgress?.({
          step: 'initialise',
          message: `a data directory for PostgreSQL ${binaries.major}, once`,
        });
        const made = await make(binaries, account, folder);
        if (!made.ok) return made;
      }
    } finally {
      release();
    }
  }
  return ok({ ...template, password: readFileSync(secret, 'utf8') });
}

async function make(binaries: ServerBinaries, account: ServerAccount, folder: string): Promise<Outcome<void>> {
  const draft = `${folder}.${randomBytes(4).toString('hex')}.draft`;
  const passwordFile = join(draft, 'password');
  try {
    mkdirSync(draft, { mode: 0o700 });
    chmodSync(draft, 0o700);
    writeFileSync(passwordFile, randomBytes(24).toString('hex'), { mode: 0o600 });
    giveTo(account, draft);
    giveTo(account, passwordFile);
    const failure = await initialise(binaries, account, draft);
    if (failure !== undefined) return err(failure);
    appendFileSync(join(draft, 'data', 'postgresql.conf'), settings);
    renameSync(draft, folder);
    return ok(undefined);
  } finally {
    rmSync(draft, { recursive: true, force: true });
  }
}

/**
 * Unicode character classes where the system supports them; the C locale alone knows only the case of ASCII letters.
 */
function locales(major: number): readonly (readonly string[])[] {
  const plain = ['--locale=C'];
  if (major >= 17) return [['--locale=C', '--locale-provider=builtin', '--builtin-locale=C.UTF-8'], plain];
  return [['--locale=C', `--lc-ctype=${process.platform === 'darwin' ? 'UTF-8' : 'C.UTF-8'}`], plain];
}

async function initialise(
  binaries: ServerBinaries,
  account: ServerAccount,
  draft: string,
): Promise<ReturnType<typeof fault> | undefined> {
  const data = join(draft, 'data');
  const fixed = ['-D', data, '-U', 'postgres', '-A', 'scram-sha-256', `--pwfile=${join(draft, 'password')}`];
  const more = ['-E', 'UTF8', '--wal-segsize=4', '--no-sync', '--no-instructions'];
  let output = '';
  for (const locale of locales(binaries.major)) {
    const result = await run(binaries.initdb, [...fixed, ...more, ...locale], account);
    if (result === undefined) return undefined;
    if (result.code === 'EPERM') return fault('embedded-no-account');
    output = result.text;
    rmSync(data, { recursive: true, force: true });
  }
  return fault('embedded-start-failed', {
    why: `initdb of PostgreSQL ${binaries.major} failed: ${output}`,
    fix: initdbFix(output),
  });
}

function initdbFix(output: string): string {
  if (/could not look up effective user/i.test(output))
    return 'Run as a user that has an entry in /etc/passwd, which initdb requires (in a container, add an entry for the user id), or set DATABASE_URL to a server of your own.';
  if (/no space left/i.test(output)) return 'Free some space: a data directory needs about 30 MB.';
  return 'See initdb’s message above, or set DATABASE_URL to a server of your own.';
}

function run(
  program: string,
  args: readonly string[],
  account: ServerAccount,
): Promise<{ code: string; text: string } | undefined> {
  return new Promise((resolve) => {
    try {
      execFile(program, args, spawnSettings(account), (error, _stdout, stderr) => {
        if (error === null) resolve(undefined);
        else
          resolve({
            code: String(error.code),
            text: (stderr.trim() || error.message).split('\n').slice(-5).join('; '),
          });
      });
    } catch (error) {
      resolve({ code: String((error as NodeJS.ErrnoException).code), text: (error as Error).message });
    }
  });
}

/** Copies a template's data directory; the copy appears complete or not at all. */
export function copyTemplate(template: DataTemplate, account: ServerAccount, data: string): void {
  for (const name of readdirSync(dirname(data))) {
    if (name.startsWith('data.draft-')) rmSync(join(dirname(data), name), { recursive: true, force: true });
  }
  const draft = join(dirname(data), `data.draft-${randomBytes(4).toString('hex')}`);
  copyFolder(template.data, draft, account);
  renameSync(draft, data);
}

/** About 950 small files: synchronous calls take half the time of fs.cp, and files are cloned where the system can. */
function copyFolder(from: string, to: string, account: ServerAccount): void {
  mkdirSync(to, { mode: 0o700 });
  giveTo(account, to);
  for (const entry of readdirSync(from, { withFileTypes: true })) {
    const [source, target] = [join(from, entry.name), join(to, entry.name)];
    if (entry.isDirectory()) {
      copyFolder(source, target, account);
      continue;
    }
    copyFileSync(source, target, constants.COPYFILE_FICLONE);
    giveTo(account, target);
  }
}
