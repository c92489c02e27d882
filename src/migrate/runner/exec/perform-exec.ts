import { beforeAnyChange } from '../../contract/server-fault.ts';
import { fault } from '../../../kit/fault.ts';
import type { Finding } from '../../../kit/finding.ts';
import { err, ok, type Outcome } from '../../../kit/outcome.ts';
import { pause, within } from '../session/deadline.ts';
import { installHistory } from '../history/install.ts';
import type { History } from '../../contract/history.ts';
import { refuseTaken } from '../history/taken-run.ts';
import { logEvent, type RecordedTask } from '../history/run-record.ts';
import type { RunAbout } from '../../contract/history-rows.ts';
import { preflight } from '../session/server-facts.ts';
import { RunSession } from '../run/run-session.ts';
import { open, type Opened } from '../session/open.ts';
import { reportHistory } from '../inspect/report-history.ts';
import { verdictOf, succeeded, type Verdict } from '../../contract/verdict.ts';
import type { RunnerPorts, SpawnEnd, Spawner } from '../../contract/runner-ports.ts';
import type { ExecTask } from '../../contract/task.ts';
import { beginUnlocked, finishExec, hasPassed, lastSeq } from './exec-record.ts';
import { maskedWords, runCommand } from './run-command.ts';
import { supervise } from './supervise.ts';

const writeTries = 4;

/**
 * Executes a command next to the database: the same checks as before a migration, the run lock, a row in the history;
 * then the command, supervised; then its end, in the history.
 */
export async function performExec(task: ExecTask, ports: RunnerPorts): Promise<Verdict> {
  const { spawner } = ports;
  if (spawner === undefined) throw new Error('this runner executes no commands');
  const lock = { waitMs: task.waitMs, takeOver: task.takeOver === true };
  const opened = await open(ports, task, task.alone ? lock : undefined);
  if (!opened.ok) return verdictOf(...opened.findings.map(beforeAnyChange));
  // Its command is asked to end when the run shall stop: nothing is cancelled.
  const live = new RunSession(ports, opened.value, { run: task.run, onDisconnect: 'cancel', cancelsOnStop: false });
  try {
    const verdict = await execOpened({ task, ports, live, spawner }, opened.value);
    if (task.tells === true) await reportHistory(ports, live.session);
    return verdict;
  } finally {
    await live.close();
  }
}

interface ExecContext {
  readonly task: ExecTask;
  readonly ports: RunnerPorts;
  readonly live: RunSession;
  readonly spawner: Spawner;
}

async function execOpened(context: ExecContext, { facts, history: read, takenFrom }: Opened): Promise<Verdict> {
  const { task, ports, live, spawner } = context;
  const forbidden = preflight(facts, read, task.environment);
  if (forbidden.length > 0) return verdictOf(...forbidden);
  if (!task.approved) return verdictOf(needsApproval(task));
  live.watch('standby-waits');
  const held = facts.pooled && task.alone ? await live.takeLease(task, read) : ok(read);
  if (!held.ok) return verdictOf(...held.findings);
  if (facts.pooled) ports.emit({ kind: 'finding', finding: fault('pooled-connection') });
  live.planFor(held.value);
  const about = await aboutOf(context, held.value);
  if (!about.ok) return verdictOf(...about.findings);
  const { hook } = task;
  if (hook?.unlessPassed === true && held.value.version > 0 && (await hasPassed(live.session, hook.name, about.value)))
    return succeeded('nothing-to-do');
  if (ports.signal.aborted) return verdictOf(fault('interrupted', { why: 'The command was not started.' }));
  const started = await beginExec(context, held.value, about.value);
  if (!started.ok) return verdictOf(...started.findings.map(beforeAnyChange));
  if (takenFrom !== undefined)
    await logEvent(live.session, task.run, { kind: 'took-over', body: { from: takenFrom.text, at: ports.now() } });
  await logEvent(live.session, task.run, { kind: 'exec', body: { ...about.value, at: ports.now() } });

  const comeBack = (): Promise<Outcome<void>> => (task.alone ? live.reconnect() : live.reopen());
  const supervision = supervise(ports, live, { alone: task.alone, comeBack });
  try {
    const { verdict, end } = await runCommand(task, ports, spawner, supervision.broken);
    // Before the last writes: a session that is reopened meanwhile is the one that they use.
    await supervision.end();
    return await finishCommand(context, verdict, { ...about.value, ...endOf(end) });
  } finally {
    await supervision.end();
  }
}

async function aboutOf({ task, ports, live }: ExecContext, history: History): Promise<Outcome<RunAbout>> {
  const seq = history.version === 0 ? ok(0) : await lastSeq(live.session);
  if (!seq.ok) return seq;
  const { hook } = task;
  return ok({
    words: maskedWords(task, ports),
    seq: seq.value,
    attempt: live.attempt,
    ...(hook === undefined ? {} : { hook: hook.name, follows: hook.follows }),
  });
}

/** The first writes: from here on no other process executes the command of this run. */
async function beginExec(context: ExecContext, history: History, described: RunAbout): Promise<Outcome<void>> {
  const { task, live } = context;
  const { run, command, actor, environment, earlier } = task;
  const about = JSON.stringify(described);
  const begun = await writeBeginning(context, history, {
    run,
    command,
    actor,
    environment,
    earlier,
    about,
    once: true,
  });
  if (begun.ok) return begun;
  const free = await refuseTaken(live.session, run, about);
  return free.ok ? begun : free;
}

async function writeBeginning(
  { task, ports, live }: ExecContext,
  history: History,
  recorded: RecordedTask,
): Promise<Outcome<void>> {
  if (task.alone) {
    const started = await live.begin(recorded, { history, planHash: '', first: '', describes: false });
    if (!started.ok) return started;
    return started.value.kind === 'moved' ? err(fault('taken-over')) : ok(undefined);
  }
  const installed = await installHistory(live.session, history.version, task.environment.name);
  if (!installed.ok) return installed;
  const started = await beginUnlocked(live.session, recorded, live.schema);
  if (started.ok) ports.emit({ kind: 'recorded', run: task.run });
  return started;
}

/** Writes how it ended, over a new connection if need be. If that fails, the end is recorded nowhere else. */
async function finishCommand(context: ExecContext, verdict: Verdict, about: RunAbout): Promise<Verdict> {
  const { task, ports, live } = context;
  let why = '';
  for (let tries = 1; tries <= writeTries; tries += 1) {
    const written = await within(ports, 30_000, finishExec(live.session, task.run, verdict, about));
    if (written?.ok === true) return verdict;
    why = written?.error.message ?? 'The server does not answer.';
    const lost = written === undefined || written.error.lost;
    const back = lost ? await (task.alone ? live.reconnect() : live.reopen()) : ok(undefined);
    // Another run may hold the database by now: the row of this run can still be finished.
    if (!back.ok && back.findings.some(({ code }) => code === 'taken-over' || code === 'busy')) await live.reopen();
    else if (!back.ok) await pause(ports, 1_000);
  }
  const how = about.exitCode === undefined || about.exitCode === null ? '' : ` with exit code ${about.exitCode}`;
  const lost = fault('command-lost', {
    why: `The command ended${how}, but the history could not record it: ${why}`,
  });
  return verdictOf(lost, ...verdict.findings);
}

function endOf(end: SpawnEnd | undefined): Pick<RunAbout, 'exitCode' | 'signal'> {
  if (end === undefined) return {};
  return { exitCode: end.exitCode, ...(end.signal === '' ? {} : { signal: end.signal }) };
}

function needsApproval({ environment }: ExecTask): Finding {
  return fault('needs-approval', {
    why: `${environment.name} is protected, and a command can change anything there.`,
    fix: `Run it where a person can type the name of the environment, or add the command to the configuration under \`after.up\` of ${environment.name}, which executes it after each \`godwit up\`.`,
  });
}
