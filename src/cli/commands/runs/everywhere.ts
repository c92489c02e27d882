import type { RunRow } from '../../../migrate/contract/history-rows.ts';
import { attemptsIn, mergeRuns } from '../../../operations/attempts.ts';
import { everyEnvironment, type NamedEnvironment } from '../../../project/every-environment.ts';
import { whichRuns } from '../../../operations/questions.ts';
import type { Context, Result } from '../../command.ts';
import { done, failed } from '../../result.ts';

/** A run and its environment. */
export interface RunSomewhere extends RunRow {
  readonly environment: string;
}

/**
 * Shows the runs of every environment, from the ledgers and from the known results of remote environments. Opens no
 * connection and executes nothing.
 */
export async function runsEverywhere(
  context: Context,
  { limit, depth }: { readonly limit: number; readonly depth: number },
  show: (runs: readonly RunSomewhere[]) => void,
): Promise<Result> {
  const { io, globals, redactor } = context;
  const { config, envFile } = globals;
  const options = {
    cwd: io.cwd,
    env: io.env,
    redactor,
    ...(config === undefined ? {} : { configFile: config }),
    ...(envFile === undefined ? {} : { envFile }),
  };
  const environments = await everyEnvironment(options);
  if (!environments.ok) return failed(environments.findings);
  const listed = await Promise.all(environments.value.map((one) => runsOf(one, depth)));
  for (const { project } of environments.value)
    for (const finding of project?.ledger.warnings?.() ?? []) context.tell(finding);
  const runs = listed.flat().sort((a, b) => (a.run < b.run ? 1 : -1));
  show(runs);
  return done({ runs: runs.slice(0, limit) });
}

async function runsOf({ name, ledger, project }: NamedEnvironment, limit: number): Promise<readonly RunSomewhere[]> {
  const attempts = await attemptsIn(ledger, name);
  const known = project?.remote === undefined ? undefined : (await newest(project)).known;
  const reported = known?.events.findLast((event) => event.kind === 'runs')?.runs ?? [];
  return mergeRuns(reported, attempts, limit).map((run) => ({ ...run, environment: name }));
}

async function newest(project: NonNullable<NamedEnvironment['project']>) {
  return await (await import('../../../operations/known-results.ts')).newestKnown(project, whichRuns);
}
