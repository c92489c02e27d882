import { beforeAnyChange } from '../../contract/server-fault.ts';
import type { RunAbout } from '../../contract/history-rows.ts';
import type { RunnerPorts } from '../../contract/runner-ports.ts';
import type { AcceptTask, IdentifyTask, PruneTask } from '../../contract/task.ts';
import { RunSession } from './run-session.ts';
import { open, type Opened } from '../session/open.ts';
import { reportHistory } from '../inspect/report-history.ts';
import { verdictOf, type Verdict } from '../../contract/verdict.ts';

/** Opens a session under the run lock for a run that executes no statements, lets `work` do it, and closes everything. */
export async function performRecorded(
  task: AcceptTask | IdentifyTask | PruneTask,
  ports: RunnerPorts,
  work: (live: RunSession, opened: Opened) => Promise<Verdict>,
): Promise<Verdict> {
  const opened = await open(ports, task, { waitMs: task.waitMs, takeOver: false });
  if (!opened.ok) return verdictOf(...opened.findings.map(beforeAnyChange));
  const live = new RunSession(ports, opened.value, { run: task.run, onDisconnect: 'cancel' });
  try {
    const verdict = await work(live, opened.value);
    if (task.tells === true) await reportHistory(ports, live.session);
    return verdict;
  } finally {
    await live.close();
  }
}

/** Writes how such a run ended, with its description. */
export async function finishRecorded(live: RunSession, verdict: Verdict, about: RunAbout): Promise<Verdict> {
  await live.finish(verdict, about);
  return verdict;
}
