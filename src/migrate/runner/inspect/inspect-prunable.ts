import { fault } from '../../../kit/fault.ts';
import { readPrunable } from '../prune/prunable.ts';
import type { RunnerPorts } from '../../contract/runner-ports.ts';
import type { InspectTask } from '../../contract/task.ts';
import type { Opened } from '../session/open.ts';
import { verdictOf, succeeded, type Verdict } from '../../contract/verdict.ts';

/** Reports what `runs prune` would remove. */
export async function inspectPrunable(task: InspectTask, ports: RunnerPorts, opened: Opened): Promise<Verdict> {
  const fit = fitForPruning(opened.history.version);
  if (fit !== undefined) return fit;
  const found = await readPrunable(opened.session, task.before ?? '');
  if (!found.ok) return verdictOf(...found.findings);
  const { ids: _, ...pruning } = found.value;
  ports.emit({ kind: 'pruning', pruning });
  return pruning.runs === 0 ? succeeded('nothing-to-do') : succeeded();
}

/** The obstacle in an older schema; undefined: none. */
export function fitForPruning(version: number): Verdict | undefined {
  if (version === 0) return succeeded('nothing-to-do');
  if (version > 1) return undefined;
  return verdictOf(
    fault('prune-refused', {
      why: 'Schema godwit has version 1.',
      fix: 'Run `godwit up` first: it upgrades the schema.',
    }),
  );
}
