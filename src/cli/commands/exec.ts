import { fault } from '../../kit/fault.ts';
import { err, ok, type Outcome } from '../../kit/outcome.ts';
import { shown } from '../../migrate/contract/command-text.ts';
import { execTask, type ExecRequest } from '../../project/tasks.ts';
import type { Context, Run } from '../command.ts';
import { detachTask } from '../detach.ts';
import { executeAloud, withProject, type Ready } from '../execute.ts';
import { failed } from '../result.ts';
import { timeoutOf, waitOf } from '../wishes.ts';

/** `godwit exec -- COMMAND` */
export const exec: Run = async (context) => {
  const request = wishOf(context);
  if (!request.ok) return failed(request.findings);
  const detached = context.typed.switches.has('detach');
  return await withProject(context, { migrations: false, commands: true, changes: true, detached }, async (ready) => {
    const approved = await approval(context, ready, request.value.words);
    if (!approved.ok) return failed(approved.findings);
    const task = await execTask(ready.project, ready.actor, { ...request.value, approved: approved.value });
    return detached ? await detachTask(context, ready, task) : await executeAloud(context, ready, task);
  });
};

function wishOf({ typed }: Context): Outcome<ExecRequest> {
  const wait = waitOf(typed);
  if (!wait.ok) return wait;
  const timeout = timeoutOf(typed);
  if (!timeout.ok) return timeout;
  const alone = !typed.switches.has('no-lock');
  const takeOver = typed.switches.has('take-over');
  if (takeOver && !alone)
    return err(fault('wrong-usage', { why: '--take-over and --no-lock do not go together: nothing is held.' }));
  return ok({
    words: typed.behind ?? [],
    waitMs: wait.value,
    alone,
    takeOver,
    ...(timeout.value === undefined ? {} : { timeoutMs: timeout.value }),
  });
}

/** In a protected environment a person types its name; where nobody can be asked, the runner refuses. */
async function approval(context: Context, { project }: Ready, words: readonly string[]): Promise<Outcome<boolean>> {
  const { io, screen } = context;
  const { name, protected: isProtected } = project.environment;
  if (!isProtected || !io.interactive || screen.json) return ok(false);
  const answer = await io.ask(`\n${name} is protected. Type its name to execute \`${shown(words)}\` there: `);
  if (context.signal.aborted) return err(fault('interrupted', { why: 'It was asking; nothing was executed.' }));
  if (answer?.trim() === name) return ok(true);
  const why = 'The name of the environment was not typed; nothing was executed.';
  return err(fault('needs-approval', { why, fix: `Type \`${name}\` when asked.` }));
}
