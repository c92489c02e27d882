import { fault } from '../../../kit/fault.ts';
import { err, ok, type Outcome } from '../../../kit/outcome.ts';
import type { RecordedIdentity } from '../../../migrate/contract/history-rows.ts';
import { identifyTask, inspectTask } from '../../../operations/tasks.ts';
import type { Context, Result } from '../../command.ts';
import type { Ready } from '../../../operations/ready.ts';
import { executeAndShow, executeQuietly, withProject } from '../../execute.ts';
import { firstTyped } from '../../../kit/option-name.ts';
import { failed } from '../../result.ts';

/** The typed options and arguments. */
interface TypedIdentify {
  readonly names: readonly string[];
  readonly baseline: string | undefined;
  readonly from: string | undefined;
  readonly export: boolean;
  readonly reason: string | undefined;
  readonly dryRun: boolean;
  readonly waitMs: number;
}

/** `godwit adopt --identity --reason TEXT` */
export async function identify(context: Context, request: TypedIdentify): Promise<Result> {
  const { globals, io, screen } = context;
  const { waitMs, dryRun: looks } = request;
  const other =
    firstTyped({ baseline: request.baseline, from: request.from, export: request.export }) ?? request.names[0];
  if (other !== undefined)
    return failed([fault('wrong-usage', { why: `--identity adopts nothing but the identity: remove ${other}.` })]);
  const reason = request.reason?.trim() ?? '';
  if (reason === '' && !looks) return failed([fault('identity-without-reason')]);
  return await withProject(context, { migrations: false, changes: true }, async (ready) => {
    const asks = io.interactive && !screen.json && (ready.project.environment.protected || !globals.yes);
    const looked = looks || asks ? await look(context, ready) : ok(undefined);
    if (!looked.ok) return failed(looked.findings);
    if (looks || looked.value === 'settled') {
      if (looked.value === 'settled') screen.say('', `${screen.style.green('✔')} ${nothingToDo(ready)}`);
      const outcome = looked.value === 'settled' ? 'nothing-to-do' : 'done';
      return { exitCode: 0, outcome, findings: [], data: {} };
    }
    const shown = looked.value;
    const approved = asks ? await ask(context, ready) : ok(false);
    if (!approved.ok) return failed(approved.findings);
    const asked = { reason, approved: approved.value, waitMs };
    const task = await identifyTask(ready.project, ready.actor, shown === undefined ? asked : { ...asked, shown });
    return await executeAndShow(context, ready, task);
  });
}

function nothingToDo({ project }: Ready): string {
  return `Nothing to do: this database is already ${project.environment.name}.`;
}

/** Reads the identity of the database and shows what would be settled. */
async function look(context: Context, ready: Ready): Promise<Outcome<RecordedIdentity | 'settled'>> {
  const { exitCode, events, findings } = await executeQuietly(
    context,
    ready,
    inspectTask(ready.project, ready.actor, { what: 'identity' }),
  );
  if (exitCode !== 0) return err(...findings);
  const settled = events.findLast((event) => event.kind === 'identity.settled');
  const identity = events.findLast((event) => event.kind === 'identity');
  if (settled === undefined || identity === undefined) return ok('settled');
  context.screen.event(settled);
  const { environmentId: id, systemId, databaseOid } = identity;
  return ok({ environment: settled.before.environment, id, systemId, databaseOid });
}

async function ask({ io, signal }: Context, { project }: Ready): Promise<Outcome<boolean>> {
  const { name, protected: isProtected } = project.environment;
  const answer = await io.ask(
    isProtected ? `\n${name} is protected. Type its name to settle this: ` : '\nType yes to settle this: ',
  );
  if (signal.aborted)
    return err(fault('interrupted', { why: 'Cancelled at the confirmation prompt; nothing was changed.' }));
  if (!isProtected) return answer?.trim().toLowerCase() === 'yes' ? ok(true) : err(fault('identity-unconfirmed'));
  if (answer?.trim() === name) return ok(true);
  const why = 'The name of the environment was not typed; nothing was changed.';
  return err(fault('needs-approval', { why, fix: `Type \`${name}\` when asked.` }));
}
