import { copyFileSync } from 'node:fs';
import { rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Client } from 'pg';
import { fault } from '../../kit/fault.ts';
import { err, ok, type Outcome } from '../../kit/outcome.ts';
import type { Checkpoint, Checkpointer, CheckpointRequest } from '../../migrate/contract/checkpoint.ts';
import { readState, serverHome, type ServerHome, type ServerState } from '../embedded/home.ts';
import { urlOf } from '../embedded/server.ts';
import { copyTree } from './copy-tree.ts';
import { keep, mostKept, openDraft } from './kept.ts';

/** Which embedded server is copied, and where to. */
export interface DataCopyOptions {
  /** The server's folder, `.godwit/postgres`. */
  readonly dataDir: string;
  /** `.godwit/checkpoints` */
  readonly folder: string;
  readonly environment: string;
  /** Formats the command that restores the checkpoint: `godwit db restore -e dev ID`. */
  restoreCommand(id: string): string;
  readonly env: NodeJS.ProcessEnv;
}

/** Checkpoints of an embedded server: a copy of its data directory, taken while it runs. */
export function createDataCopier(options: DataCopyOptions): Checkpointer {
  return {
    foresee: () =>
      Promise.resolve({ means: 'copy', text: 'a copy of the embedded server’s data, restored by `godwit db restore`' }),
    take: (request) => take(options, request),
  };
}

async function take(options: DataCopyOptions, request: CheckpointRequest): Promise<Outcome<Checkpoint>> {
  const home = serverHome(options.dataDir, options.env);
  const state = readState(home);
  if (state?.postmaster === undefined)
    return err(fault('checkpoint-failed', { why: 'The embedded server is not running.' }));
  const draft = await openDraft(options.folder, request.run);
  try {
    return await copy(options, request, { home, state, draft });
  } catch (error) {
    if (request.signal?.aborted === true)
      return err(fault('interrupted', { why: 'The checkpoint was not finished; nothing was changed.' }));
    return err(fault('checkpoint-failed', { why: `Copying ${home.data} failed: ${(error as Error).message}` }));
  } finally {
    // A complete copy has been renamed by now; this removes an incomplete one.
    await rm(draft, { recursive: true, force: true });
  }
}

interface DataCopy {
  readonly home: ServerHome;
  readonly state: ServerState;
  readonly draft: string;
}

async function copy(
  options: DataCopyOptions,
  request: CheckpointRequest,
  { home, state, draft }: DataCopy,
): Promise<Outcome<Checkpoint>> {
  const { Client } = await import('pg');
  const client = new Client({ connectionString: urlOf(state), application_name: `godwit checkpoint ${request.run}` });
  client.on('error', () => undefined);
  await client.connect();
  const report = (bytes: number): void =>
    request.onProgress(`copying the data directory, ${Math.round(bytes / 1e6)} MB`);
  try {
    const places = await client.query("select 1 from pg_tablespace where spcname not in ('pg_default', 'pg_global')");
    if (places.rows.length > 0)
      return err(fault('checkpoint-failed', { why: 'The server has tablespaces outside its data directory.' }));
    request.onProgress('preparing the server for a copy of its data directory');
    const data = join(draft, 'data');
    const signal = request.signal === undefined ? {} : { signal: request.signal };
    const first = await beginBackup(client, state.major);
    let bytes = await copyTree({ from: home.data, to: data, wants: isData, onBytes: report, ...signal });
    const { label, last } = await endBackup(client, state.major);
    await writeFile(join(data, 'backup_label'), label, { mode: 0o600, flush: true });
    await rm(join(data, 'pg_wal'), { recursive: true });
    bytes += await copyTree({
      from: join(home.data, 'pg_wal'),
      to: join(data, 'pg_wal'),
      wants: (path) => segment.test(path) && path >= first && path <= last,
    });
    // With the password that is valid inside the copy.
    copyFileSync(home.state, join(draft, 'server.json'));
    const checkpoint: Checkpoint = {
      kind: 'taken',
      means: 'copy',
      id: request.run,
      restore: options.restoreCommand(request.run),
      undoes: 'every write since to every database of this embedded server',
      takenAt: new Date().toISOString(),
      kept: `until there are ${mostKept} newer ones`,
      bytes,
    };
    await keep(options.folder, draft, { ...checkpoint, environment: options.environment });
    return ok(checkpoint);
  } finally {
    await client.end();
  }
}

const segment = /^[0-9A-F]{24}$/;

/** Entries that the server makes again, or must not find, are left out. */
const emptied = new Set([
  'pg_wal',
  'pg_replslot',
  'pg_dynshmem',
  'pg_notify',
  'pg_serial',
  'pg_snapshots',
  'pg_stat_tmp',
  'pg_subtrans',
]);

function isData(path: string, isFolder: boolean): boolean {
  if (isFolder) return !emptied.has(path) && !path.endsWith('/pgsql_tmp');
  const name = path.slice(path.lastIndexOf('/') + 1);
  return !name.startsWith('postmaster.') && name !== 'pg_internal.init' && !name.startsWith('backup_label');
}

/**
 * From here on the files may be copied in any order; a slot of this session retains the log that makes them consistent.
 */
async function beginBackup(client: Client, major: number): Promise<string> {
  const slot = `godwit_${process.pid}_${Date.now()}`;
  await client.query('select pg_create_physical_replication_slot($1, true, true)', [slot]);
  const begin = major >= 15 ? "pg_backup_start('godwit', true)" : "pg_start_backup('godwit', true, false)";
  return await one(client, `select pg_walfile_name(${begin}) as answer`);
}

async function endBackup(client: Client, major: number): Promise<{ readonly label: string; readonly last: string }> {
  const end = major >= 15 ? 'pg_backup_stop(false)' : 'pg_stop_backup(false, false)';
  const { rows } = await client.query<{ labelfile: string; last: string }>(
    `select labelfile, pg_walfile_name(lsn) as last from ${end}`,
  );
  const [row] = rows;
  if (row === undefined) throw new Error('the server did not end its backup');
  return { label: row.labelfile, last: row.last };
}

async function one(client: Client, text: string): Promise<string> {
  const { rows } = await client.query<{ answer: string }>(text);
  return rows[0]?.answer ?? '';
}
