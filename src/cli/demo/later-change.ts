import { readFile, readdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

/** What the demo changes after everything is applied: a column goes, and so a checkpoint comes first. */
const file = '0008_drop_session.sql';
const statement = 'ALTER TABLE prompt_executions DROP COLUMN session_id;';

/** Writes one more migration into the demo's project, and returns how the demo tells it. */
export async function addLaterChange(folder: string): Promise<readonly string[]> {
  await writeFile(join(folder, 'migrations', file), `${statement}\n`);
  return ['One more file drops a column, so that a checkpoint comes first:', `  ${file}: ${statement}`];
}

/** Lets the project's own environment take checkpoints, as others do by default. */
export async function wantCheckpoints(folder: string): Promise<void> {
  const path = join(folder, 'godwit.config.json');
  const config = JSON.parse(await readFile(path, 'utf8')) as { environments: { local: Record<string, unknown> } };
  const local = { ...config.environments.local, checkpoint: 'destructive' };
  const changed = { ...config, environments: { ...config.environments, local } };
  await writeFile(path, `${JSON.stringify(changed, null, 2)}\n`);
}

/** The first characters of the newest run's id, from the project's own ledger. */
export async function newestRun(folder: string): Promise<string> {
  const names = await readdir(join(folder, '.godwit', 'runs'));
  return names.sort().at(-1)?.slice(0, 12) ?? '';
}
