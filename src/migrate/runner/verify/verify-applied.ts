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
import { withOwnChecks } from './verified-migration.ts';
import { verdictOf, succeeded, type Verdict } from '../../contract/verdict.ts';

/** The most relations whose locks are held at once, not counting those that views and indexes open. */
const homesPerBatch = 400;

/**
 * `verify`, at any later time: compares every definition of the baseline with the catalogue, in batches, never waiting
 * for others' locks. Does not need the texts of migrations; only the user's own checks are read from their files.
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
  const migrations = await withOwnChecks(ports.bundle, known);
  const compared = await compareBaseline(task, opened);
  if (compared === 'lost')
    return verdictOf(fault('connection-lost', { why: 'The connection was lost during the checks.' }));
  const [seeds, tried, own] = await Promise.all([
    isDescribedHere(opened)
      ? checkSeeds((query) => queryBaseline(session, query), history.rows, task.only)
      : { checks: [], findings: [] },
    checkLive(session, task.verification),
    checkOwn(session, migrations),
  ]);
  const ignore = task.verification.ignore ?? [];
  const differing = await placeDifferences(ports.bundle, history.rows, compared.checks);
  const checks = [...ignoring(ignore, [...differing, ...seeds.checks, ...tried]), ...own];
  if (checks.some(({ ok }) => !ok) && (await isLost({ session })))
    return verdictOf(fault('connection-lost', { why: 'The connection was lost during the checks.' }));
  report(ports, checks);
  const files = await changedFiles(task, ports.bundle, opened);
  return concluded(checks, task.verification, [...compared.findings, ...seeds.findings, ...files, ...others]);
}

/** Findings for checks of the user that cannot be read: without them verification cannot succeed. */
async function unreadChecks({ only }: VerifyTask, bundle: Bundle): Promise<readonly Finding[]> {
  const wanted = bundle.migrations.filter(({ id, verify }) => verify !== undefined && only?.includes(id) !== false);
  const read = await Promise.all(wanted.map((migration) => bundle.analysis(migration, 'verify')));
  return read.flatMap((analysis) => (analysis.ok ? [] : analysis.findings));
}

/** Files that `up` would refuse do not prevent verification: the baseline does not need files. */
async function changedFiles(task: VerifyTask, bundle: Bundle, opened: Opened): Promise<readonly Finding[]> {
  const rows = opened.history.rows.filter(({ id }) => task.only?.includes(id) !== false);
  const options = { outOfOrder: true, recorded: readStatements(opened.session) };
  const { findings } = await compareByStatements(bundle, { ...opened.history, rows }, options);
  return findings.flatMap((finding): readonly Finding[] => {
    // The user's own checks are in files: for migrations without a file they are not made.
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

/** What is known of the migrations named with differences. */
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

/** Compares the baseline with the catalogue, in batches. */
export async function readDifferences(
  { session, history, facts }: Pick<Opened, 'session' | 'history' | 'facts'>,
  options: { readonly only?: readonly string[] | undefined; readonly ignore: readonly string[] },
): Promise<ReadDifferences | 'lost'> {
  const major = majorOf(facts);
  const byName = isElsewhere({ server: facts, major }, history.baseline);
  const homes = await queryBaseline(session, homesToCompare(history.undescribed && !byName));
  if (homes === undefined) return (await isLost({ session })) ? 'lost' : { rows: [], findings: [fault('no-baseline')] };
  const wanted = options.only === undefined ? undefined : await homesWrittenBy(session, options.only);
  const free: HomeAddress[] = [];
  const findings: Finding[] = byName
    ? [fault('baseline-moved', { why: 'The database was copied, restored or upgraded, so it was compared by name.' })]
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

/** Compares one batch; if someone has taken a lock since, by halves, so that only what is locked is omitted. */
async function compareFree(
  session: Session,
  homes: readonly HomeAddress[],
  options: Parameters<typeof compareHomes>[1],
  findings: Finding[],
): Promise<ResultSet['rows'] | 'lost'> {
  const found = await queryBaseline(session, compareHomes(homes, options));
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
  const found = await queryBaseline(
    session,
    `select name from godwit.object where class = ${classOf} and oid = ${oid} and sub = 0`,
  );
  return found?.rows[0]?.[0] ?? `Object ${oid} of catalogue ${classOf}`;
}

/** Keys of the homes that these migrations wrote. */
async function homesWrittenBy(session: Session, ids: readonly string[]): Promise<ReadonlySet<string>> {
  const list = JSON.stringify(ids).replaceAll("'", "''");
  const found = await queryBaseline(
    session,
    `select distinct o.home_class, o.home from godwit.object o join godwit.migration m on m.seq in (o.seq, o.made)
where m.id in (select pg_catalog.json_array_elements_text('${list}'::json))`,
  );
  return new Set((found?.rows ?? []).map(([classOf, oid]) => keyOfHome({ class: classOf ?? '', oid: oid ?? '' })));
}

/** Partitions added outside migrations: many designs do that, so they are not drift. */
async function childrenAdded(session: Session): Promise<readonly Check[]> {
  const found = await queryBaseline(session, addedChildren);
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

/** Queries in one read-only transaction; undefined if the server refused. */
async function queryBaseline(session: Session, query: string): Promise<ResultSet | undefined> {
  const commands = ['SET TRANSACTION READ ONLY', ...describingSettings, query];
  const reply = await session.send(commands.map((command) => `${command};\n`).join(''), { rows: 'all' });
  return reply.ok ? reply.results.at(-1) : undefined;
}

/** Applied standalone scripts are checked by name: their folder is not known. */
function bareFiles(rows: readonly HistoryRow[]): readonly Finding[] {
  return appliedNow(rows).flatMap(({ id, name, file }) =>
    id.startsWith('file:')
      ? [
          fault('bare-file-not-checked', {
            where: { file },
            why: `${name} is applied, but does not belong to a migrations folder: its own checks did not run.`,
            fix: `Check it separately: \`godwit verify --file ${file}\`.`,
          }),
        ]
      : [],
  );
}
