import { fault } from '../../../kit/fault.ts';
import type { Finding } from '../../../kit/finding.ts';
import { err, ok, type Outcome } from '../../../kit/outcome.ts';
import { readHistory } from '../history/read-history.ts';
import type { AcceptedObject, RunAbout } from '../../contract/history-rows.ts';
import type { Check } from '../../contract/model.ts';
import type { RunnerPorts } from '../../contract/runner-ports.ts';
import { serverFault, beforeAnyChange } from '../../contract/server-fault.ts';
import type { AcceptTask } from '../../contract/task.ts';
import { acceptDifferences } from './accept-differences.ts';
import type { BaselineDifference } from './baseline-check.ts';
import { describingSettings } from './words/described.ts';
import { chooseDifferences, type Chosen } from './choose-differences.ts';
import { sendGuarded } from './describe.ts';
import { preflight } from '../session/server-facts.ts';
import type { RunSession } from '../run/run-session.ts';
import type { Opened } from '../session/open.ts';
import { finishRecorded, performRecorded } from '../run/recorded-run.ts';
import { verdictOf, succeeded, type Verdict } from '../../contract/verdict.ts';

const writeTries = 3;
const mostPerEvent = 500;
/** The most objects in the run's row; the chain and the baseline's past have all of them. */
const mostNamed = 200;

const untouched = verdictOf(fault('interrupted', { why: 'The baseline is unchanged.' }));

interface AcceptOptions {
  readonly task: AcceptTask;
  readonly ports: RunnerPorts;
  readonly live: RunSession;
}

/**
 * `verify --accept`: changes made by others are accepted into the baseline, as a separate run that records who accepted
 * them and why. Which differences are meant is known before anything is written.
 */
export async function performAccept(task: AcceptTask, ports: RunnerPorts): Promise<Verdict> {
  return await performRecorded(task, ports, (live, opened) => acceptOpened({ task, ports, live }, opened));
}

async function acceptOpened(options: AcceptOptions, opened: Opened): Promise<Verdict> {
  const { task, ports, live } = options;
  const forbidden = preflight(opened.facts, opened.history, task.environment);
  if (forbidden.length > 0) return verdictOf(...forbidden);
  if (!task.approved) return verdictOf(needsApproval(task));
  if (opened.history.baseline.major === 0)
    return verdictOf(
      fault('accept-unknown', { why: 'Nothing is in the baseline yet.', fix: 'Run `godwit up` first.' }),
    );
  live.watch();
  const held = opened.facts.pooled ? await live.takeLease(task, opened.history) : ok(opened.history);
  if (!held.ok) return verdictOf(...held.findings.map(beforeAnyChange));
  live.planFor(held.value);
  const wanted = await chooseDifferences(task.objects, { ...opened, history: held.value });
  if (!wanted.ok && ports.signal.aborted) return untouched;
  if (!wanted.ok) return verdictOf(...wanted.findings.map(beforeAnyChange));
  if (ports.signal.aborted) return untouched;

  const about: RunAbout = { words: task.objects, reason: task.reason, seq: held.value.rows.at(-1)?.seq ?? 0 };
  const { run, command, actor, environment, earlier } = task;
  const recorded = { run, command, actor, environment, earlier, about: JSON.stringify(about) };
  const first = { history: held.value, planHash: '', first: '', describes: true };
  const started = await live.begin(recorded, first);
  if (ports.signal.aborted) return await finishRecorded(live, untouched, about);
  if (!started.ok) return verdictOf(...started.findings.map(beforeAnyChange));
  if (started.value.kind === 'moved') return verdictOf(fault('taken-over'));
  const taken = await take(options, opened.facts);
  if (!taken.ok) {
    const refused = ports.signal.aborted ? untouched : verdictOf(...taken.findings);
    return await finishRecorded(live, refused, about);
  }
  reportAccepted(ports, taken.value);
  const objects = taken.value.reported.map(({ difference }) => acceptedObject(difference));
  const accepted = { accepted: objects.slice(0, mostNamed), total: objects.length };
  return await finishRecorded(live, succeeded(), { ...about, ...accepted });
}

/**
 * Accepts the differences. The run's first writes have bound the baseline to this server, so they are compared once
 * more; after a lost answer, again: accepted differences no longer appear.
 */
async function take({ task, ports, live }: AcceptOptions, facts: Opened['facts']): Promise<Outcome<Chosen>> {
  let sent: Chosen | undefined;
  for (let tries = 1; ; tries += 1) {
    const history = await readHistory(live.session, ports.hashing);
    const chosen = history.ok
      ? await chooseDifferences(task.objects, { session: live.session, history: history.value, facts })
      : history;
    if (chosen.ok) {
      const statements = acceptDifferences(task.run, chosen.value.all);
      const reply = await sendGuarded(live, [...describingSettings, ...statements]);
      if (reply.ok) return chosen;
      const stopped = reply.error.lost ? undefined : await live.cancelledBy();
      if (!reply.error.lost || tries === writeTries) return err(stopped ?? serverFault(reply.error));
      sent = chosen.value;
    } else if (sent !== undefined && chosen.findings.every(({ code }) => code === 'accept-no-difference')) {
      return ok(sent);
    } else if (tries === writeTries || !chosen.findings.some(({ code }) => code === 'connection-lost')) return chosen;
    const back = await live.reconnect();
    if (!back.ok) return back;
  }
}

function reportAccepted(ports: RunnerPorts, { reported }: Chosen): void {
  const checks: readonly Check[] = reported.flatMap((one) => one.checks);
  for (let at = 0; at < checks.length; at += mostPerEvent)
    ports.emit({ kind: 'accepted', checks: checks.slice(at, at + mostPerEvent) });
}

function acceptedObject({ kind, name, oldName, is, was }: BaselineDifference): AcceptedObject {
  const change = is === undefined ? 'missing' : was === undefined ? 'added' : 'changed';
  return { change, kind, name: oldName === '' ? name : oldName };
}

function needsApproval({ environment }: AcceptTask): Finding {
  return fault('needs-approval', {
    why: `${environment.name} is protected, and accepting a difference changes its baseline.`,
    fix: 'Run it where a person can type the name of the environment, or put the new definition into a migration.',
  });
}
