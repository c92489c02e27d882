import { fault } from '../../../kit/fault.ts';
import type { Finding } from '../../../kit/finding.ts';
import { within } from '../session/deadline.ts';
import type { RunAbout } from '../../contract/history-rows.ts';
import { finishRun } from '../history/run-record.ts';
import type { RunnerPorts } from '../../contract/runner-ports.ts';
import type { AcceptTask, IdentifyTask, PruneTask } from '../../contract/task.ts';
import { endLease } from '../session/lease.ts';
import { reconnect } from './live-run.ts';
import type { LiveRun } from './run-state.ts';
import { open, type Opened } from '../session/open.ts';
import { openedRun } from '../session/opened-run.ts';
import { stopOnSignal } from './stop-run.ts';
import { reportHistory } from '../inspect/report-history.ts';
import { verdictOf, type Verdict } from '../../contract/verdict.ts';

const goodbyeMs = 5_000;

/** Opens a session under the run lock for a run that executes no statements, lets `work` do it, and closes everything. */
export async function performRecorded(
  task: AcceptTask | IdentifyTask | PruneTask,
  ports: RunnerPorts,
  work: (live: LiveRun, opened: Opened) => Promise<Verdict>,
): Promise<Verdict> {
  const opened = await open(ports, task, { waitMs: task.waitMs, takeOver: false });
  if (!opened.ok) return verdictOf(...opened.findings.map(unreached));
  const live = openedRun(task.run, ports, opened.value);
  const stopping = stopOnSignal(ports, live);
  live.stopping = stopping;
  try {
    const verdict = await work(live, opened.value);
    if (task.tells === true) await reportHistory(ports, live.session);
    return verdict;
  } finally {
    stopping.dispose();
    live.watch?.end();
    await stopping.settle();
    await within(ports, goodbyeMs, endLease(live));
    await Promise.all([live.session.close(), live.control?.close()]);
  }
}

/** Writes how such a run ended, with what it was. */
export async function finishRecorded(
  ports: RunnerPorts,
  live: LiveRun,
  verdict: Verdict,
  about: RunAbout,
): Promise<Verdict> {
  await live.stopping?.settle();
  // Cancelled from beside it, or taken over.
  if (verdict.exitCode === 130 || verdict.exitCode === 20) live.stopping?.hurry();
  const failure = verdict.findings
    .map(({ code, why }) => `${code}: ${why}`)
    .join('; ')
    .slice(0, 2_000);
  const { outcome, exitCode } = verdict;
  const end = { outcome, exitCode, failure, about: JSON.stringify(about) };
  const written = await finishRun(live.session, live.run, end);
  if (written.ok) return verdict;
  const anew = written.error.lost ? (await reconnect(ports, live)).ok : written.error.sqlstate === '57014';
  if (anew) await finishRun(live.session, live.run, end);
  return verdict;
}

/** A connection lost before anything was asked to change leaves no doubt about the outcome. */
export function unreached(finding: Finding): Finding {
  return finding.code === 'connection-lost' ? fault('database-unreachable', { why: finding.why }) : finding;
}
