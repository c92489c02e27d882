import type { Finding } from '../kit/finding.ts';
import { checkpointText } from '../migrate/checkpoint.ts';
import { notStarted, type Deployment } from '../migrate/deploy.ts';
import type { LedgerEntry } from '../migrate/engine.ts';
import type { ApplyTask } from '../migrate/task.ts';
import { checkpointerOf } from '../project/checkpoint-means.ts';
import { checkpointBeforehand } from '../project/checkpointed.ts';
import type { Context, Result } from './command.ts';
import type { Ready } from './execute.ts';
import { done, failed } from './result.ts';

/** Starts a run in a process of its own and leaves it: the ledger knows it, `runs attach` shows it. */
export async function detach(context: Context, ready: Ready, wanted: ApplyTask): Promise<Result> {
  const { screen, command } = context;
  const { engine, bundle, target } = ready.wired;
  const beforehand = await checkpointBeforehand(deploymentOf(context, ready), wanted, () =>
    checkpointerOf(ready.project),
  );
  if (!beforehand.ok) return failed(beforehand.findings);
  const task = beforehand.value;
  const entry: LedgerEntry = {
    run: task.run,
    command,
    environment: task.environment.name,
    target: `${target.user}@${target.host}:${target.port}/${target.database}`,
    engine: engine.name,
    bundle: bundle.hash,
    ...task.actor,
    ...(task.consent.checkpoint === undefined ? {} : { checkpoint: checkpointText(task.consent.checkpoint) }),
    startedAt: new Date().toISOString(),
    recorded: false,
  };
  const written = await ready.project.ledger.write(entry);
  if (!written.ok) return failed(written.findings);
  const giveUp = async (findings: readonly Finding[]): Promise<Result> => {
    await ready.project.ledger.write(notStarted(entry, findings, new Date().toISOString()));
    return failed(findings);
  };
  const prepared = await engine.prepare(task, bundle);
  if (!prepared.ok) return giveUp(prepared.findings);
  const started = await engine.start(prepared.value);
  if (!started.ok) return giveUp(started.findings);
  const name = task.environment.name === 'local' ? '' : ` -e ${task.environment.name}`;
  screen.say(
    '',
    `${screen.style.green('✔')} Run ${started.value.run} goes on by itself.`,
    `  godwit runs attach${name} ${started.value.run}   follow it`,
    `  godwit runs cancel${name} ${started.value.run}   stop it at the next safe point`,
  );
  return done({ run: started.value.run });
}

function deploymentOf({ screen, command, signal }: Context, { wired }: Ready): Omit<Deployment, 'task'> {
  return {
    engine: wired.engine,
    bundle: wired.bundle,
    target: wired.target,
    command,
    now: () => new Date().toISOString(),
    onEvent: (event) => screen.event(event),
    signal,
  };
}
