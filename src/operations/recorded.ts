import { setTimeout as sleep } from 'node:timers/promises';
import type { RecordedRun } from '../migrate/controller/resolve-outcome.ts';
import type { RunRow } from '../migrate/contract/history-rows.ts';
import { executeTask, type Execution } from '../migrate/controller/execute-task.ts';
import type { Actor } from '../migrate/contract/task.ts';
import type { Project } from '../project/open.ts';
import { executionOptions } from './execution-options.ts';
import { inspectTask } from './tasks.ts';
import { wire, type Wired } from '../project/wire.ts';

/** The server needs a moment to notice that a runner is gone, and to roll back its changes. */
const timeoutMs = 10_000;
const pollMs = 250;
/** In a remote environment each query is an execution. */
const remotePollMs = 5_000;

/** Queries the history for the end of a run, and waits briefly while its last statement is still being rolled back. */
export async function recordedEnd(project: Project, wired: Wired, actor: Actor, run: string): Promise<RecordedRun> {
  const until = performance.now() + timeoutMs;
  for (;;) {
    const found = await inspectRun(project, wired, actor, run);
    if (typeof found !== 'object' || found.outcome !== 'running' || performance.now() > until) return found;
    await sleep(project.remote === undefined ? pollMs : remotePollMs);
  }
}

/** The same for a project that is not connected. */
export async function recordedEndOf(project: Project, actor: Actor, run: string): Promise<RecordedRun> {
  const wired = await wire(project, { migrations: false, detached: false });
  if (!wired.ok) return undefined;
  try {
    return await recordedEnd(project, wired.value, actor, run);
  } finally {
    await wired.value.close();
  }
}

/** The runs of the history whose ids begin so, newest first; undefined: the history cannot be read. */
export async function runsRecordedAs(
  project: Project,
  actor: Actor,
  subject: string,
): Promise<readonly RunRow[] | undefined> {
  const wired = await wire(project, { migrations: false, detached: false });
  if (!wired.ok) return undefined;
  try {
    const { exitCode, events, findings } = await inspect(project, wired.value, actor, subject);
    if (findings.some(({ code }) => code === 'unknown-run')) return [];
    return exitCode === 0 ? events.findLast((event) => event.kind === 'runs')?.runs : undefined;
  } finally {
    await wired.value.close();
  }
}

async function inspectRun(project: Project, wired: Wired, actor: Actor, run: string): Promise<RecordedRun> {
  const { exitCode, events, findings } = await inspect(project, wired, actor, run);
  if (findings.some(({ code }) => code === 'unknown-run')) return 'absent';
  const row = events.findLast((event) => event.kind === 'runs')?.runs.find((one) => one.run === run);
  return exitCode === 0 ? row : undefined;
}

async function inspect(project: Project, wired: Wired, actor: Actor, subject: string): Promise<Execution> {
  return await executeTask({
    ...(await executionOptions(project, wired, inspectTask(project, actor, { what: 'run', subject }))),
    command: 'inspect',
    onEvent: () => {},
  });
}
