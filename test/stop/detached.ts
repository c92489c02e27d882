import type { TestDatabase } from '../support/database.ts';
import type { TestProject } from '../support/project.ts';
import { until } from '../support/child.ts';
import { namedRun } from '../support/named-run.ts';

/** A run in a process of its own. */
export interface DetachedRun {
  readonly run: string;
  readonly pid: number;
}

/** Starts a detached run of this project. */
export async function detach(project: TestProject, ...options: readonly string[]): Promise<DetachedRun> {
  const started = await project.run('up', '--detach', ...options);
  const run = namedRun(project.folder, started.err);
  return { run, pid: Number.parseInt(project.read(`.godwit/runs/${run}/pid`), 10) };
}

/** Waits until a session of this database runs a statement like this. */
export async function running(database: TestDatabase, like: string, wait = ''): Promise<void> {
  const query = `select 1 from pg_stat_activity where datname = current_database() and pid <> pg_backend_pid()
    and state = 'active' and query ilike '${like.replaceAll("'", "''")}' ${wait}`;
  await until(`${like} runs`, async () => (await database.query(query)).length > 0, 30_000);
}

/** Waits until no session of godwit is left in this database. */
export async function sessionsGone(database: TestDatabase, withinMs = 30_000): Promise<void> {
  const query = "select 1 from pg_stat_activity where datname = current_database() and application_name like 'godwit%'";
  await until('all sessions are gone', async () => (await database.query(query)).length === 0, withinMs);
}
