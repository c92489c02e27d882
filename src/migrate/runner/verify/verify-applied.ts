import { fault } from '../../../kit/fault.ts';
import type { Finding } from '../../../kit/finding.ts';
import { keyOfHome, type HomeAddress } from '../../contract/catalogue-object.ts';
import { appliedNow } from '../../contract/history.ts';
import type { HistoryRow } from '../../contract/history-rows.ts';
import type { Check } from '../../contract/model.ts';
import { compareByStatements } from '../../plan/what-changed.ts';
import { readStatements } from '../history/read-statements.ts';
import type { Bundle, ResultSet, Session } from '../../contract/ports.ts';
import type { RunnerPorts } from '../../contract/runner-ports.ts';
import type { VerifyTask } from '../../contract/task.ts';
import { checksOf, type BaselineCheckOptions } from './baseline-check.ts';
import { addedChildren, compareHomes, homesToCompare } from './compare-baseline.ts';
import { ignoring } from './ignoring.ts';
import { matches } from '../../contract/object-pattern.ts';
import { describingSettings } from './words/described.ts';
import { isElsewhere } from './describe.ts';
import { majorOf } from '../session/server-facts.ts';
import { checkSeeds } from './check-seeds.ts';
import { checkLive, checkOwn } from './live-checks.ts';
import type { Opened } from '../session/open.ts';
import { placeDifferences } from './place-differences.ts';
import { concluded, report } from './report-checks.ts';
import { isLost } from './after-applying.ts';
import { withChecks } from './verified-migration.ts';
import { verdictOf, succeeded, type Verdict } from '../../contract/verdict.ts';

/** Relations whose locks are held at once, at most: those that views and indexes open come on top. */
const homesPerBatch = 400;

/**
 * `verify`, at any later time: every word of the baseline against the catalogue, in batches, never waiting for others'
 * locks. It needs no texts of migrations; only the user's own checks are read from their files.
 */
export async function verifyApplied(task: VerifyTask, ports: RunnerPorts, opened: Opened): Promise<Verdict> {
  const { session, history } = opened;
  const unread = await unreadChecks(task, ports.bundle);
  if (unread.length > 0) return verdictOf(...unread);
  const applied = appliedNow(history.rows).filter(({ id }) => task.only === undefined || task.only.includes(id));
  const others = ports.bundle.layout === 'bare' || task.only !== undefined ? [] : bareFiles(history.rows);
  if (applied.length === 0) return { ...succeeded('nothing-to-do'), findings: others };
  const byId = new Map(ports.bundle.migrations.map((migration) => [migration.id, migration]));
  const known = applied.flatMap(({ id }) => byId.get(id) ?? []);
  const migrations = await Promise.all(known.map((migration) => withChecks(ports.bundle, migration)));
  const compared = await compareBaseline(task, opened);
  if (compared === 'lost')
    return verdictOf(fault('connection-lost', { why: 'It was lost while the checks were under way.' }));
  const [seeds, tried, own] = await Promise.all([
    isDescribedHere(opened)
      ? checkSeeds((query) => ask(session, query), history.rows, task.only)
      : { checks: [], findings: [] },
    checkLive(session, task.verification),
    checkOwn(session, migrations),
  ]);
  const ignore = task.verification.ignore ?? [];
  const differing = await placeDifferences(ports.bundle, history.rows, compared.checks);
  const checks = [...ignoring(ignore, [...differing, ...seeds.checks, ...tried]), ...own];
  if (checks.some(({ ok }) => !ok) && (await isLost({ session })))
    return verdictOf(fault('connection-lost', { why: 'It was lost while the checks were under way.' }));
  report(ports, checks);
  const files = await changedFiles(task, ports.bundle, opened);
  return concluded(checks, task.verification, [...compared.findings, ...seeds.findings, ...files, ...others]);
}

/** Checks of the user's own that cannot be read: without them nobody may say that all is well. */
async function unreadChecks({ only }: VerifyTask, bundle: Bundle): Promise<readonly Finding[]> {
  const wanted = bundle.migrations.filter(({ id, verify }) => verify !== undefined && only?.includes(id) !== false);
  const read = await Promise.all(wanted.map((migration) => bundle.analysis(migration, 'verify')));
  return read.flatMap((analysis) => (analysis.ok ? [] : analysis.findings));
}

/** What `up` would refuse is no reason not to look at the database: the baseline needs no files. */
async function changedFiles(task: VerifyTask, bundle: Bundle, opened: Opened): Promise<readonly Finding[]> {
  const rows = opened.history.rows.filter(({ id }) => task.only?.includes(id) !== false);
  const options = { outOfOrder: true, recorded: readStatements(opened.session) };
  const { findings } = await compareByStatements(bundle, { ...opened.history, rows }, options);
  return findings.flatMap((finding): readonly Finding[] => {
    // Checks of the user's own are in files: those of migrations without one are not made.
    if (finding.code === 'database-ahead') return [{ ...finding, severity: 'note' }];
    return finding.severity === 'error' ? [{ ...finding, severity: 'warning' }] : [];
  });
}

/** Rows are followed by the OIDs of their tables. */
function isDescribedHere({ history: { baseline }, facts }: Opened): boolean {
  return baseline.major !== 0 && !isElsewhere({ server: facts, major: majorOf(facts) }, baseline);
}

interface BaselineComparison {
  readonly checks: readonly Check[];
  readonly findings: readonly Finding[];
}

async function compareBaseline(task: VerifyTask, opened: Opened): Promise<BaselineComparison | 'lost'> {
  const { session, history } = opened;
  if (history.baseline.major === 0) return { checks: [], findings: [fault('no-baseline')] };
  const read = await readDifferences(opened, { only: task.only, ignore: task.verification.ignore ?? [] });
  if (read === 'lost') return 'lost';
  const { rows, findings, compared } = read;
  if (compared === undefined) return { checks: [], findings };
  const checks = checksOf(rows, baselineCheckOptions(opened));
  return { checks: [counted(compared), ...checks, ...(await childrenAdded(session))], findings };
}

/** What is known of the migrations that differences are told with. */
export function baselineCheckOptions({ history, facts }: Pick<Opened, 'history' | 'facts'>): BaselineCheckOptions {
  return {
    migrations: new Map(history.rows.map(({ seq, id, file, run }) => [String(seq), { id, file, run }])),
    words: history.baseline.major === majorOf(facts),
  };
}

/** Rows of `compareHomes`, and what could not be compared. */
interface ReadDifferences {
  readonly rows: ResultSet['rows'];
  readonly findings: readonly Finding[];
  /** How many objects were compared; undefined: the server refused the question. */
  readonly compared?: number;
}

/** Holds the baseline against the catalogue, in batches. */
export async function readDifferences(
  { session, history, facts }: Pick<Opened, 'session' | 'history' | 'facts'>,
  options: { readonly only?: readonly string[] | undefined; readonly ignore: readonly string[] },
): Promise<ReadDifferences | 'lost'> {
  const major = majorOf(facts);
  const byName = isElsewhere({ server: facts, major }, history.baseline);
  const homes = await ask(session, homesToCompare(history.undescribed && !byName));
  if (homes === undefined) return (await isLost({ session })) ? 'lost' : { rows: [], findings: [fault('no-baseline')] };
  const wanted = options.only === undefined ? undefined : await homesWrittenBy(session, options.only);
  const free: HomeAddress[] = [];
  const findings: Finding[] = byName
    ? [fault('baseline-moved', { why: 'The database is a copy, was restored or upgraded: it was compared by names.' })]
    : [];
  const gone = new Set<string>();
  for (const [classOid, oid, name, why, isGone] of homes.rows) {
    const home = { class: classOid ?? '0', oid: oid ?? '0' };
    if (wanted !== undefined && !wanted.has(keyOfHome(home))) continue;
    if (isGone === 't') gone.add(keyOfHome(home));
    if ((why ?? '') === '') free.push(home);
    else if (!options.ignore.some((pattern) => matches(pattern, { kind: '', name: name ?? '' })))
      findings.push(fault('not-compared', { why: `${name ?? ''}: ${why ?? ''}.` }));
  }
  const rows: (readonly (string | null)[])[] = [];
  for (let at = 0; at < free.length; at += homesPerBatch) {
    const batch = free.slice(at, at + homesPerBatch);
    const found = await compareFree(
      session,
      batch,
      { byName, gone: batch.some((home) => gone.has(keyOfHome(home))) },
      findings,
    );
    if (found === 'lost') return 'lost';
    rows.push(...found);
  }
  return { rows, findings, compared: free.length };
}

/** One batch; when somebody has taken a lock since, by halves, so that only what is locked is left out. */
async function compareFree(
  session: Session,
  homes: readonly HomeAddress[],
  options: Parameters<typeof compareHomes>[1],
  findings: Finding[],
): Promise<ResultSet['rows'] | 'lost'> {
  const found = await ask(session, compareHomes(homes, options));
  if (found !== undefined) return found.rows;
  if (await isLost({ session })) return 'lost';
  const [home] = homes;
  if (home !== undefined && homes.length === 1) {
    findings.push(fault('not-compared', { why: `${await nameOf(session, home)} is locked by another session.` }));
    return [];
  }
  const middle = Math.ceil(homes.length / 2);
  const first = await compareFree(session, homes.slice(0, middle), options, findings);
  const second = first === 'lost' ? first : await compareFree(session, homes.slice(middle), options, findings);
  return first === 'lost' || second === 'lost' ? 'lost' : [...first, ...second];
}

async function nameOf(session: Session, { class: classOf, oid }: HomeAddress): Promise<string> {
  const found = await ask(
    session,
    `select name from godwit.object where class = ${classOf} and oid = ${oid} and sub = 0`,
  );
  return found?.rows[0]?.[0] ?? `Object ${oid} of catalogue ${classOf}`;
}

/** Keys of the homes that these migrations wrote. */
async function homesWrittenBy(session: Session, ids: readonly string[]): Promise<ReadonlySet<string>> {
  const list = JSON.stringify(ids).replaceAll("'", "''");
  const found = await ask(
    session,
    `select distinct o.home_class, o.home from godwit.object o join godwit.migration m on m.seq in (o.seq, o.made)
where m.id in (select pg_catalog.json_array_elements_text('${list}'::json))`,
  );
  return new Set((found?.rows ?? []).map(([classOf, oid]) => keyOfHome({ class: classOf ?? '', oid: oid ?? '' })));
}

/** Partitions that others add are a part of many designs. */
async function childrenAdded(session: Session): Promise<readonly Check[]> {
  const found = await ask(session, addedChildren);
  return (found?.rows ?? []).map(([parent, child]): Check => ({
    kind: 'drift-partition',
    object: parent ?? '',
    ok: false,
    severity: 'note',
    expected: 'not there',
    actual: `${child ?? ''} added`,
    where: { file: '' },
    migration: '',
  }));
}

function counted(homes: number): Check {
  const said = `${homes} objects as the migrations left them`;
  return {
    kind: 'baseline',
    object: 'baseline',
    ok: true,
    severity: 'note',
    expected: said,
    actual: said,
    where: { file: '' },
    migration: '',
  };
}

/** One read-only transaction; undefined where the server refused. */
async function ask(session: Session, query: string): Promise<ResultSet | undefined> {
  const commands = ['SET TRANSACTION READ ONLY', ...describingSettings, query];
  const reply = await session.send(commands.map((command) => `${command};\n`).join(''), { rows: 'all' });
  return reply.ok ? reply.results.at(-1) : undefined;
}

/** Applied bare files are checked by name: where they lie, only who ran them knows. */
function bareFiles(rows: readonly HistoryRow[]): readonly Finding[] {
  return appliedNow(rows).flatMap(({ id, name, file }) =>
    id.startsWith('file:')
      ? [
          fault('bare-file-not-checked', {
            where: { file },
            why: `${name} is applied, but belongs to no folder of migrations: its own checks were not made.`,
            fix: `Check it by itself: \`godwit verify --file ${file}\`.`,
          }),
        ]
      : [],
  );
}
