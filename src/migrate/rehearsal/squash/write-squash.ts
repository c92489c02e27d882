import { fault } from '../../../kit/fault.ts';
import type { Finding } from '../../../kit/finding.ts';
import { err, ok, type Outcome } from '../../../kit/outcome.ts';
import { rowStatements } from '../../read/row-statements.ts';
import { differentObjects } from '../draft/rehearse-draft.ts';
import { readSnapshot, type Snapshot } from '../draft/snapshot.ts';
import type { RunEvent } from '../../contract/event.ts';
import type { Check, Expectation, Migration } from '../../contract/model.ts';
import type { Bundle, Session } from '../../contract/ports.ts';
import type { Rehearsal } from '../rehearsal.ts';
import { rehearse } from '../rehearse.ts';
import { decodeUtf8 } from '../../../sql/encoding.ts';
import type { Replaces } from '../../../sql/replaces.ts';
import { compose, expectText, nameOf, type Composed, type Form, type Original } from './compose.ts';
import { readContents, rowDifferences, type HeldRows } from './snapshot-rows.ts';

/** Options for writing a squashed file. */
export interface WriteSquashOptions {
  /** The migrations to squash, in their order, without companions. */
  readonly bundle: Bundle;
  readonly replaces: Replaces;
  /** The version as typed. */
  readonly version: string;
  readonly major: number;
  /** A bundle of one migration with this text, and the text of its checks. */
  bundleOf(text: string, verify: string): Promise<Bundle>;
  /** The checks of the migrations. */
  readonly checks: readonly { readonly file: string; readonly text: string }[];
  /** Starts an empty throwaway server; the previous one is closed. */
  server(): Promise<Outcome<Rehearsal>>;
  onStep(text: string): void;
  nextRun(): string;
  readonly signal?: AbortSignal;
}

/** A squashed file, and the verdict of throwaway servers on it. */
export interface WrittenSquash {
  readonly text: string;
  /** Its checks; empty: none. */
  readonly verify: string;
  readonly form: Form;
  /** What was changed or left out, as text. */
  readonly changes: readonly string[];
  /** Statements that change rows: their authors must decide whether new databases need them. */
  readonly rows: readonly string[];
  /** Tables with the same number of rows but different values. */
  readonly values: readonly string[];
  readonly objects: number;
  readonly tables: number;
}

interface SquashState {
  readonly snapshot: Snapshot;
  readonly rows: HeldRows;
}

/** Why a form is not equivalent to the originals. */
interface SquashAttempt {
  readonly differences: readonly string[];
  readonly values: readonly string[];
  readonly failed: readonly Check[];
}

const mostReported = 20;

/**
 * Runs the migrations on one throwaway server and their statements in one file on another, and compares the server's
 * definition of every object and the rows of every table. First in one transaction; if the result differs, in the
 * transactions in which the statements ran.
 */
export async function writeSquash(options: WriteSquashOptions): Promise<Outcome<WrittenSquash>> {
  const originals = await readOriginals(options.bundle);
  if (!originals.ok) return originals;
  options.onStep(`Rehearsing ${countOf(originals.value.length, 'migration')} on PostgreSQL ${options.major} …`);
  const before = await stateOf(options, options.bundle, []);
  if (!before.ok) return before;
  const why: string[] = [];
  for (const form of formsFor(originals.value)) {
    options.onStep(
      `Rehearsing the squashed file, in ${form === 'whole' ? 'one transaction' : 'a transaction for each migration'} …`,
    );
    const tried = await tryForm(options, form, originals.value, before.value.state);
    if (!tried.ok) return tried;
    if ('written' in tried.value) return ok({ ...tried.value.written, rows: await rowsOf(options.bundle) });
    why.push(...tried.value.differences);
  }
  const reported = [...new Set(why)].slice(0, mostReported);
  return err(...reported.map((difference) => fault('squash-not-proven', { why: `${difference}.` })));
}

/** Whether a new label may be used in the transaction that adds it depends on the server's version. */
function formsFor(originals: readonly Original[]): readonly Form[] {
  const adds = originals.some(({ analysis, body }) =>
    analysis.statements.some(
      ({ tag, head, end }) => tag === 'ALTER TYPE' && /\badd\s+value\b/i.test(decodeUtf8(body.subarray(head, end))),
    ),
  );
  return adds ? ['parts'] : ['whole', 'parts'];
}

async function readOriginals(bundle: Bundle): Promise<Outcome<readonly Original[]>> {
  const originals: Original[] = [];
  const findings: Finding[] = [];
  for (const migration of bundle.migrations) {
    const analysis = await bundle.analysis(migration, 'up');
    if (!analysis.ok) {
      findings.push(...analysis.findings);
      continue;
    }
    const source = await bundle.body(migration, 'up');
    originals.push({ file: migration.up.file, analysis: analysis.value, body: await source.read(0, source.size) });
  }
  return findings.length > 0 ? err(...findings) : ok(originals);
}

type Tried = { readonly written: Omit<WrittenSquash, 'rows'> } | { readonly differences: readonly string[] };

/** Tries one form; checks that do not hold after the last migration are omitted. */
async function tryForm(
  options: WriteSquashOptions,
  form: Form,
  originals: readonly Original[],
  before: SquashState,
): Promise<Outcome<Tried>> {
  const without = new Set<Expectation>();
  const unfit = new Set<string>();
  for (;;) {
    const composed = compose(originals, { form, without, version: options.version, replaces: options.replaces });
    const checks = options.checks.filter(({ file }) => !unfit.has(file));
    const verify = checks.map(({ file, text }) => `-- ${nameOf(file)}\n${text.trimEnd()}\n`).join('\n');
    const bundle = await options.bundleOf(composed.text, verify);
    const attempt = await proved(options, bundle, before);
    if (!attempt.ok) return attempt;
    const { differences, values, failed } = attempt.value;
    if (differences.length > 0) return ok({ differences });
    const left = leaveOut(failed, { composed, verify, originals, checks });
    for (const one of left.expectations) without.add(one);
    for (const file of left.files) unfit.add(file);
    if (left.expectations.length + left.files.length > 0) continue;
    const changes = [
      ...composed.changes,
      ...[...unfit].map((file) => `${nameOf(file)}: it does not hold after the last migration and is omitted.`),
    ];
    const objects = before.snapshot.objects.filter(({ id, home, name }) => id === home && name !== 'public').length;
    const tables = [...before.rows.values()].filter(({ kind }) => kind === 'table').length;
    return ok({ written: { text: composed.text, verify, form, changes, values, objects, tables } });
  }
}

/** Checks whether a bundle makes what the originals have made. An error of the server counts as a difference. */
async function proved(
  options: WriteSquashOptions,
  bundle: Bundle,
  before: SquashState,
): Promise<Outcome<SquashAttempt>> {
  const after = await stateOf(options, bundle, [...bundle.migrations]);
  if (!after.ok) {
    const [first] = after.findings;
    if (first?.code !== 'squash-fails') return after;
    return ok({ differences: [first.why], values: [], failed: [] });
  }
  const { state, failed } = after.value;
  const { counts, values } = rowDifferences(before.rows, state.rows);
  return ok({ differences: [...differentObjects(before.snapshot, state.snapshot), ...counts], values, failed });
}

/** The state of a database after these migrations, and which of the user's checks fail there. */
async function stateOf(
  options: WriteSquashOptions,
  bundle: Bundle,
  checked: readonly Migration[],
): Promise<Outcome<{ readonly state: SquashState; readonly failed: readonly Check[] }>> {
  const { major, signal } = options;
  const server = await options.server();
  if (!server.ok) return server;
  const ran = await rehearse(server.value, bundle, {
    major,
    through: bundle.migrations.at(-1)?.id ?? '',
    surroundings: { schema: 'public', extensions: [] },
    nextRun: () => options.nextRun(),
    ...(signal === undefined ? {} : { signal }),
  });
  if (!ran.ok) return ran;
  const { stopped } = ran.value;
  if (stopped !== undefined) {
    const { why, where } = stopped.finding;
    return err(fault('squash-fails', { why, ...(where === undefined ? {} : { where }) }));
  }
  const failed = checked.length === 0 ? [] : await failedChecks(server.value, bundle, options);
  const session = await server.value.open();
  if (!session.ok) return session;
  try {
    const state = await readState(session.value);
    return state.ok ? ok({ state: state.value, failed }) : state;
  } finally {
    await session.value.close();
  }
}

async function readState(session: Session): Promise<Outcome<SquashState>> {
  const snapshot = await readSnapshot(session);
  if (!snapshot.ok) return snapshot;
  const rows = await readContents(session, snapshot.value.objects);
  return rows.ok ? ok({ snapshot: snapshot.value, rows: rows.value }) : rows;
}

async function failedChecks(server: Rehearsal, bundle: Bundle, options: WriteSquashOptions): Promise<readonly Check[]> {
  const checks: Check[] = [];
  const onEvent = (event: RunEvent): void => {
    if (event.kind === 'checks') checks.push(...event.checks);
  };
  const [squashed] = bundle.migrations;
  await server.perform(
    {
      kind: 'verify',
      run: options.nextRun(),
      environment: { name: 'local', protected: false },
      actor: { by: 'rehearsal', from: '', commit: '', tool: '' },
      verification: { enabled: true, strict: false, triggers: 'inspect' },
      only: squashed === undefined ? [] : [squashed.id],
    },
    bundle,
    onEvent,
  );
  const files = new Set([squashed?.up.file, squashed?.verify?.file]);
  return checks.filter(({ ok, where }) => !ok && where.line !== undefined && files.has(where.file));
}

interface Checked {
  readonly composed: Composed;
  readonly verify: string;
  readonly originals: readonly Original[];
  readonly checks: WriteSquashOptions['checks'];
}

/**
 * Selects checks to omit by the lines of those that failed: expectations at the head of the file, and files of checks.
 */
function leaveOut(
  failed: readonly Check[],
  { composed, verify, originals, checks }: Checked,
): { readonly expectations: readonly Expectation[]; readonly files: readonly string[] } {
  const known = originals.flatMap(({ analysis }) => analysis.directives.expect);
  const lines = composed.text.split('\n');
  const expectations: Expectation[] = [];
  const files: string[] = [];
  for (const { where } of failed) {
    const line = (where.line ?? 1) - 1;
    if (where.file.endsWith('.verify.sql')) {
      const names = verify.split('\n').slice(0, line + 1);
      const file = checks.findLast((one) => names.includes(`-- ${nameOf(one.file)}`))?.file;
      if (file !== undefined) files.push(file);
    } else {
      const text = lines[line] ?? '';
      expectations.push(...known.filter((one) => text === expectText(one)));
    }
  }
  return { expectations, files };
}

/** Each statement that changes rows, with its place in the originals. */
async function rowsOf(bundle: Bundle): Promise<readonly string[]> {
  const reported: string[] = [];
  for (const migration of bundle.migrations) {
    const analysis = await bundle.analysis(migration, 'up');
    if (!analysis.ok) continue;
    for (const { tag, line } of await rowStatements(analysis.value, await bundle.body(migration, 'up')))
      reported.push(`${tag} ${nameOf(migration.up.file)}:${line}`);
  }
  return reported;
}

function countOf(count: number, what: string): string {
  return count === 1 ? `1 ${what}` : `${count} ${what}s`;
}
