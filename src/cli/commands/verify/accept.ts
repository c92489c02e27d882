import { fault } from '../../../kit/fault.ts';
import { err, ok, type Outcome } from '../../../kit/outcome.ts';
import { driftingKind } from '../../../migrate/contract/check-kind.ts';
import type { RunEvent } from '../../../migrate/contract/event.ts';
import type { Check } from '../../../migrate/contract/model.ts';
import { matches } from '../../../migrate/contract/object-pattern.ts';
import { acceptTask, verifyTask, type AcceptRequest } from '../../../operations/tasks.ts';
import type { Context, Result } from '../../command.ts';
import type { Ready } from '../../../operations/ready.ts';
import { executeQuietly, executeWithEvents, resultOfShown, withProject } from '../../execute.ts';
import { failed } from '../../result.ts';
import { checkLines } from '../../screen/checks.ts';
import { countOf } from '../../screen/format.ts';

type AcceptanceRequest = Omit<AcceptRequest, 'approved'>;

/** `godwit verify --accept OBJECT --reason TEXT` */
export async function accept(context: Context, request: AcceptanceRequest): Promise<Result> {
  return await withProject(context, { migrations: false, changes: true }, async (ready) => {
    const { screen } = context;
    const approved = await approval(context, ready, request);
    if (!approved.ok) return failed(approved.findings);
    const task = await acceptTask(ready.project, ready.actor, { ...request, approved: approved.value });
    screen.live('comparing the database with the baseline');
    // The ledger and the history record a change as `accept`, because `verify` changes nothing.
    const execution = await executeWithEvents({ ...context, command: 'accept' }, ready, task, () => {});
    screen.settle();
    const { run, events, exitCode, outcome, findings } = execution;
    if (execution.left === true) return resultOfShown(context, ready, execution);
    if (events.length === 0) return failed(findings, { run });
    const accepted = events.flatMap((event: RunEvent) => (event.kind === 'accepted' ? event.checks : []));
    if (exitCode === 0) {
      const what = `${countOf(accepted.length, 'difference')} accepted`;
      screen.say('', ...checkLines(accepted, screen.style));
      screen.say(`${screen.style.green('✔')} ${what}: accepted into the baseline.  ${screen.style.dim(`run ${run}`)}`);
    }
    return { exitCode, outcome, findings, data: { run, reason: request.reason, accepted } };
  });
}

/**
 * In a protected environment, shows what differs and asks a person to type its name. If the command cannot ask, the
 * runner refuses.
 */
async function approval(context: Context, ready: Ready, request: AcceptanceRequest): Promise<Outcome<boolean>> {
  const { io, screen } = context;
  const { name, protected: isProtected } = ready.project.environment;
  if (!isProtected || !io.interactive || screen.json) return ok(false);
  const looked = await executeQuietly(context, ready, verifyTask(ready.project, ready.actor, { strict: false }));
  const differences = looked.events.flatMap((event) => (event.kind === 'checks' ? event.checks : []));
  const named = differences.filter((check) => isNamed(check, request.objects));
  // The runner reports what is wrong with the names.
  if (named.length > 0) screen.say('', ...checkLines(named, screen.style));
  const answer = await io.ask(`\n${name} is protected. Type its name to accept ${request.objects.join(', ')} there: `);
  if (context.signal.aborted)
    return err(fault('interrupted', { why: 'Cancelled at the confirmation prompt; nothing was changed.' }));
  if (answer?.trim() === name) return ok(true);
  const why = 'The name of the environment was not typed; nothing was changed.';
  return err(fault('needs-approval', { why, fix: `Type \`${name}\` when asked.` }));
}

function isNamed({ ok, kind, object }: Check, objects: readonly string[]): boolean {
  const drifting = driftingKind(kind);
  if (ok || drifting === undefined) return false;
  return objects.some((pattern) => matches(pattern, { kind: drifting, name: object }));
}
