import { change as runChange, checkReviewed, firstTaskOf } from '../operations/change.ts';
import { changeRequestOf, type ChangeOptions } from '../operations/change-request.ts';
import type { Context, Result } from './command.ts';
import { dryRun } from './dry-run.ts';
import { operationOf, resultOfOperation, withProject } from './execute.ts';
import { failed } from './result.ts';
import { uiOf } from './ui.ts';

/** The typed options; an undefined one has its default. */
interface TypedChange extends ChangeOptions {
  readonly dryRun?: boolean | undefined;
  readonly fresh?: boolean | undefined;
}

/** `up` and `down`: reads the request, then runs the operation or shows the plan. */
export async function change(context: Context, direction: 'up' | 'down', options: TypedChange): Promise<Result> {
  const request = await changeRequestOf(context.io.cwd, direction, options);
  if (!request.ok) return failed(request.findings);
  const { reviewed, selection } = request.value;
  const { detach: detached, fresh } = options;
  const asks = uiOf(context).confirm !== undefined;
  const first = options.dryRun === true ? () => ({ kind: 'plan' as const }) : firstTaskOf(request.value, asks);
  const needs = { file: reviewed?.file ?? options.file, changes: true, detached, fresh, first };
  return await withProject(context, needs, async (ready) => {
    if (options.dryRun !== true)
      return resultOfOperation(context, ready, await runChange(operationOf(context, ready), request.value));
    const meant = checkReviewed(ready, reviewed);
    return meant.ok ? await dryRun(context, ready, selection) : failed(meant.findings);
  });
}
