import { fault, FaultError } from '../../kit/fault.ts';
import type { Finding } from '../../kit/finding.ts';
import type { PreparedStep } from '../apply/prepared.ts';
import { appliedNow, readHistory } from '../history/read-history.ts';
import { readStatements } from '../history/read-statements.ts';
import type { HistoryRow } from '../history/rows.ts';
import type { Check, Migration } from '../model.ts';
import { compare, findingsOf } from '../plan/compare.ts';
import { explained } from '../plan/what-changed.ts';
import type { Bundle } from '../ports.ts';
import type { RunnerPorts } from '../runner-ports.ts';
import type { ApplyTask, VerifyTask } from '../task.ts';
import { checkFacts, checkUndone, type VerifiedMigration } from './check-facts.ts';
import { compareWithBaseline, keepBaseline } from './baseline.ts';
import { cancelledBy } from './cancelled-by.ts';
import { reconnect, type LiveRun } from './live-run.ts';
import type { Opened } from './open.ts';
import { concluded, report } from './report-checks.ts';
import { asFarAsItStands } from './standing-part.ts';
import { verdictOf, wellDone, type Verdict } from './verdict.ts';

/** What was seen after a run; `lost`: the connection was, so that it says nothing. */
interface Sight {
  readonly lost: boolean;
  /** The baseline could not be kept. */
  readonly refused: boolean;
  readonly checks: readonly Check[];
  readonly migrations: readonly VerifiedMigration[];
}

/** What a run has applied, and a migration of which it has left a part standing. */
export interface Executed {
  readonly applied: readonly PreparedStep[];
  readonly inPart?: PreparedStep;
}

/** After a run: are the objects of its migrations as stated, or gone after a rollback? Then the baseline is kept. */
export async function afterApplying(
  task: ApplyTask,
  ports: RunnerPorts,
  live: LiveRun,
  executed: Executed,
): Promise<Verdict> {
  if (executed.applied.length === 0 && executed.inPart === undefined) return wellDone();
  try {
    return await lookAndJudge(task, ports, live, executed);
  } catch (error) {
    if (!(error instanceof FaultError)) throw error;
    // A file that was saved since is no longer what was applied: what it states cannot be held against the database.
    const fix = 'Put back what was applied, then run `godwit verify`.';
    const findings = error.findings.map((finding) => ({ ...finding, fix, why: `${finding.why} It was not verified.` }));
    return { outcome: 'verification-failed', exitCode: 50, findings };
  }
}

async function lookAndJudge(task: ApplyTask, ports: RunnerPorts, live: LiveRun, executed: Executed): Promise<Verdict> {
  const look = task.selection.direction === 'down' ? lookAfterUndoing : lookAfterApplying;
  let seen = await look(task, ports, live, executed);
  if (seen.lost) {
    // What is applied is recorded. That the connection was lost while looking at it says nothing about it.
    const again = await reconnect(ports, live);
    if (!again.ok) return verdictOf(...again.findings.map(unverified));
    seen = await look(task, ports, live, executed);
    if (seen.lost) return verdictOf(fault('connection-lost', { why: 'It was lost twice during verification.' }));
  }
  // Whoever stops a run stops its checks too: what they have not seen is neither good nor bad.
  if (ports.signal.aborted) return verdictOf(fault('interrupted'));
  const doubtful = seen.refused || seen.checks.some(({ ok }) => !ok);
  const stopped = doubtful ? await cancelledBy(live) : undefined;
  if (stopped !== undefined) return verdictOf(stopped);
  if (!task.verification.enabled) return wellDone();
  report(ports, seen.checks, seen.migrations, task.verification);
  return concluded(seen.checks, seen.migrations, task.verification);
}

/** The run has changed the database: that it cannot be reached any more is no reason to call it unreachable. */
function unverified(finding: Finding): Finding {
  if (finding.code === 'taken-over') return finding;
  return fault('connection-lost', {
    why: `What the run has done is recorded, but it was not verified. ${finding.why}`,
    fix: 'Run `godwit verify` when the database is back.',
  });
}

async function lookAfterApplying(
  task: ApplyTask,
  ports: RunnerPorts,
  live: LiveRun,
  { applied, inPart }: Executed,
): Promise<Sight> {
  const whole = await Promise.all(applied.map((step) => verified(ports, step.migration)));
  const keeping = keepBaseline(live, whole, ports);
  const part =
    inPart === undefined ? [] : [asFarAsItStands(await verified(ports, inPart.migration), inPart.part.through)];
  const migrations = [...whole, ...part];
  const check = async (): Promise<readonly Check[]> =>
    task.verification.enabled
      ? await checkFacts({ session: live.session, schema: live.schema, migrations, terms: task.verification })
      : [];
  const beside = await check();
  const kept = await keeping;
  // What went out behind a baseline that was refused has found its transaction aborted, not the database.
  const checks = kept === 'refused' ? await check() : beside;
  // The baseline went out first: a loss behind it shows as checks that failed.
  const lost = kept === 'lost' || (checks.some(({ ok }) => !ok) && (await isLost(live)));
  return { lost, refused: kept === 'refused', checks, migrations };
}

async function isLost({ session }: Pick<LiveRun, 'session'>): Promise<boolean> {
  const reply = await session.send('select');
  return !reply.ok && reply.error.lost;
}

async function lookAfterUndoing(
  task: ApplyTask,
  ports: RunnerPorts,
  live: LiveRun,
  { applied: undone }: Executed,
): Promise<Sight> {
  const history = await readHistory(live.session);
  if (!history.ok) return { lost: true, refused: false, checks: [], migrations: [] };
  const { rows } = history.value;
  const byId = new Map(ports.bundle.migrations.map((migration) => [migration.id, migration]));
  const read = (applied: readonly HistoryRow[]): Promise<readonly VerifiedMigration[]> =>
    Promise.all(
      applied.flatMap(({ id, schema }) => {
        const migration = byId.get(id);
        return migration === undefined ? [] : [verified(ports, migration).then((one) => ({ ...one, schema }))];
      }),
    );
  const before = await read(appliedNow(rows.filter(({ run, kind }) => run !== live.run || kind !== 'reverted')));
  const ids = new Set(undone.map(({ step }) => step.id));
  const gone = before.filter(({ migration }) => ids.has(migration.id));
  const remaining = await read(appliedNow(rows));
  // Beside a bare file nothing else is known: what it has only changed gets its baseline again.
  const kept = await keepBaseline(live, ports.bundle.layout === 'bare' ? gone : remaining, ports, gone);
  const checks = task.verification.enabled
    ? await checkUndone({ session: live.session, schema: live.schema, before, remaining })
    : [];
  return { lost: kept === 'lost', refused: kept === 'refused', checks, migrations: [] };
}

/** `verify`, at any later time: the facts of everything applied, then drift by the server's own definitions. */
export async function verifyApplied(task: VerifyTask, ports: RunnerPorts, opened: Opened): Promise<Verdict> {
  const { session, history, facts } = opened;
  const unfit = await unfitFiles(task, ports.bundle, opened);
  if (unfit.length > 0) return verdictOf(...unfit);
  const byId = new Map(ports.bundle.migrations.map((migration) => [migration.id, migration]));
  const migrations: VerifiedMigration[] = [];
  for (const row of appliedNow(history.rows)) {
    const migration = byId.get(row.id);
    if (migration === undefined || (task.only !== undefined && !task.only.includes(row.id))) continue;
    migrations.push({ ...(await verified(ports, migration)), schema: row.schema });
  }
  const others = ports.bundle.layout === 'bare' || task.only !== undefined ? [] : bareFiles(history.rows);
  if (migrations.length === 0) return { ...wellDone('nothing-to-do'), findings: others };
  const terms = task.verification;
  const [stated, drift] = await Promise.all([
    checkFacts({ session, schema: facts.schema, migrations, terms }).then((checks) => soften(checks, history.rows)),
    compareWithBaseline(session, facts, migrations, ports),
  ]);
  const unproven = withoutProof(history.rows);
  // What a stated fact tells already is not told again as drift; comments are named by what they are on.
  const told = stated.flatMap((check) =>
    check.ok || unproven.has(check.migration) ? [] : [check.object, check.object.replace(/^on \S+ /, '')],
  );
  const known = new Set(told);
  const checks = [...stated, ...drift.filter((check) => check.ok || !known.has(check.object))];
  if (checks.some(({ ok }) => !ok) && (await isLost({ session })))
    return verdictOf(fault('connection-lost', { why: 'It was lost while the checks were under way.' }));
  report(ports, checks, migrations, terms);
  const verdict = concluded(checks, migrations, terms);
  return { ...verdict, findings: [...verdict.findings, ...others] };
}

/** What keeps the files from saying what the database should hold: they are gone, or no longer what was applied. */
async function unfitFiles(task: VerifyTask, bundle: Bundle, opened: Opened): Promise<readonly Finding[]> {
  const wanted = (id: string): boolean => task.only === undefined || task.only.includes(id);
  const rows = opened.history.rows.filter((row) => wanted(row.id));
  const comparison = compare(bundle.layout, bundle.migrations, { ...opened.history, rows });
  const found = findingsOf(comparison, { outOfOrder: true });
  const drifted = await explained(found, comparison, bundle, readStatements(opened.session));
  const analyses = comparison.applied.flatMap(({ migration }) => [
    bundle.analysis(migration, 'up'),
    ...(migration.verify === undefined ? [] : [bundle.analysis(migration, 'verify')]),
  ]);
  const faults = (await Promise.all(analyses)).flatMap((analysis) => (analysis.ok ? [] : analysis.findings));
  return [...drifted, ...faults].filter((finding) => finding.severity === 'error');
}

/** What was recorded without proof is held to its baseline: that its text states something else was known then. */
function soften(checks: readonly Check[], rows: readonly HistoryRow[]): readonly Check[] {
  const unproven = withoutProof(rows);
  return checks.map((check) =>
    !check.ok && check.severity === 'error' && unproven.has(check.migration)
      ? { ...check, severity: 'warning' }
      : check,
  );
}

function withoutProof(rows: readonly HistoryRow[]): ReadonlySet<string> {
  return new Set(appliedNow(rows).flatMap(({ id, kind }) => (kind === 'baseline' ? [id] : [])));
}

/** Applied bare files are checked by name: where they lie, only who ran them knows. */
function bareFiles(rows: readonly HistoryRow[]): readonly Finding[] {
  return appliedNow(rows).flatMap(({ id, name, file }) =>
    id.startsWith('file:')
      ? [
          fault('bare-file-not-checked', {
            where: { file },
            why: `${name} is applied, but belongs to no folder of migrations.`,
            fix: `Check it by itself: \`godwit verify --file ${file}\`.`,
          }),
        ]
      : [],
  );
}

/** The derived checks of migrations that are not applied yet, for adoption. */
export async function checkSteps(
  task: ApplyTask,
  ports: RunnerPorts,
  live: LiveRun,
  steps: readonly PreparedStep[],
): Promise<readonly Check[]> {
  const migrations = await Promise.all(steps.map((step) => verified(ports, step.migration)));
  const terms = { ...task.verification, triggers: 'inspect' as const };
  return checkFacts({ session: live.session, schema: live.schema, migrations, terms });
}

/** Keeps the server's definitions of what these steps name. */
export async function captureBaseline(
  ports: RunnerPorts,
  live: LiveRun,
  steps: readonly PreparedStep[],
): Promise<void> {
  const migrations = await Promise.all(steps.map((step) => verified(ports, step.migration)));
  await keepBaseline(live, migrations, ports);
}

/** A migration with what verification reads of it. Its script was analysed before; a fault here is a bug. */
async function verified({ bundle }: RunnerPorts, migration: Migration): Promise<VerifiedMigration> {
  const up = await bundle.analysis(migration, 'up');
  const verify = migration.verify === undefined ? undefined : await bundle.analysis(migration, 'verify');
  return {
    migration,
    up: up.ok ? up.value : undefined,
    body: () => bundle.body(migration, 'up'),
    ...(verify === undefined || !verify.ok
      ? {}
      : { verify: { analysis: verify.value, body: await bundle.body(migration, 'verify') } }),
  };
}
