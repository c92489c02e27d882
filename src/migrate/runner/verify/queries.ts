import { quoteIdent } from '../../../sql/quote.ts';
import type { Analysis, Check, Expectation, Migration } from '../../contract/model.ts';
import type { ByteSource, Reply, ServerError, Session } from '../../contract/ports.ts';

const viewTimeout = '5s';
const queryTimeout = '30s';

/** A view to query. */
export interface QueriedView {
  /** Qualified and quoted where needed. */
  readonly label: string;
  readonly where: Check['where'];
  readonly migration: string;
  /** Who blocks a query of it; empty: nobody. */
  readonly locked: string;
}

/** Queries the first row of each view; one that takes longer than five seconds only gives a note. */
export async function queryViews(session: Session, views: readonly QueriedView[]): Promise<readonly Check[]> {
  const replies = views.map(async (view) => {
    if (view.locked !== '') return notQueried(view, view.locked);
    const query = `SELECT * FROM ${view.label} LIMIT 1`;
    return viewCheck(
      view,
      await readOnly(session, query, { timeout: viewTimeout, lockTimeout: '200ms', rows: 'none' }),
    );
  });
  return Promise.all(replies);
}

function notQueried({ label, where, migration }: QueriedView, why: string): Check {
  const common = { kind: 'view-query', object: label, where, migration, expected: 'can be queried' };
  return { ...common, ok: true, severity: 'note', actual: `not queried: ${why}` };
}

function viewCheck(view: QueriedView, reply: Reply): Check {
  const { label, where, migration } = view;
  const common = { kind: 'view-query', object: label, where, migration, expected: 'can be queried' };
  if (reply.ok) return { ...common, ok: true, severity: 'note', actual: 'can be queried' };
  // A materialized view under it has no data yet; the role may not read what is under it; others lock one of its
  // tables; it writes (FOR UPDATE, nextval), which this transaction does not allow.
  if (/^(55000|42501|55P03|25006)$/.test(reply.error.sqlstate)) return notQueried(view, reply.error.message);
  const slow = reply.error.sqlstate === '57014';
  return {
    ...common,
    ok: false,
    severity: slow || isSessionError(reply.error) ? 'warning' : 'error',
    actual: slow ? `no row within ${viewTimeout}` : reply.error.message,
  };
}

/**
 * The view exists and is as stated: the error comes from a value in a row, the number of rows, a function that raises
 * its own error, a foreign server, or a setting that the application makes in its own sessions.
 */
function isSessionError({ sqlstate, routine, lost }: ServerError): boolean {
  // 42704 means any missing object; the server looks up settings in a function of their own.
  const unset = sqlstate === '42704' && routine === 'find_option';
  return !lost && (unset || routine === 'exec_stmt_raise' || /^(08|21|22|HV|P0)/.test(sqlstate));
}

/** `-- godwit: expect <query> => <literal>`: the server compares; no row at all fails. */
export async function checkExpectations(
  session: Pick<Session, 'send'>,
  migration: Migration,
  expectations: readonly Expectation[],
): Promise<readonly Check[]> {
  return Promise.all(expectations.map((expectation) => checkExpectation(session, migration, expectation)));
}

async function checkExpectation(
  session: Pick<Session, 'send'>,
  migration: Migration,
  expectation: Expectation,
): Promise<Check> {
  const { query, expected, where } = expectation;
  const column = quoteIdent('godwit_value');
  const text = `SELECT ${column} IS NOT DISTINCT FROM (${expected}), ${column}::text FROM (${query}) AS q(${column}) LIMIT 2`;
  const reply = await readOnly(session, text);
  const common = {
    kind: 'expect',
    object: query,
    expected,
    where,
    migration: migration.id,
    severity: 'error' as const,
  };
  if (!reply.ok) return { ...common, ok: false, actual: reply.error.message };
  const rows = reply.results.at(-1)?.rows ?? [];
  const [first] = rows;
  if (first === undefined) return { ...common, ok: false, actual: 'no row' };
  if (rows.length > 1) return { ...common, ok: false, actual: 'more than one row' };
  return { ...common, ok: first[0] === 't', actual: first[1] ?? 'null' };
}

/**
 * Each statement of a `.verify.sql` file: at least one row, and the first column of no row is false or null. A DO block
 * passes unless it raises an error.
 */
export async function checkVerifyScript(
  session: Pick<Session, 'send'>,
  migration: Migration,
  script: { readonly analysis: Analysis; readonly body: ByteSource },
): Promise<readonly Check[]> {
  const checks = script.analysis.statements.map(async (statement) => {
    const query = new TextDecoder().decode(await script.body.read(statement.head, statement.end));
    const reply = await readOnly(session, query);
    const where = { file: migration.verify?.file ?? '', line: statement.line, column: statement.column };
    const common = {
      kind: 'verify-query',
      object: firstLine(query),
      expected: 'true',
      where,
      migration: migration.id,
      severity: 'error' as const,
    };
    if (!reply.ok) return { ...common, ok: false, actual: reply.error.message };
    // A DO block returns nothing: it passes unless it raises an error.
    if (statement.tag === 'DO') return { ...common, ok: true, expected: 'no error', actual: 'no error' };
    const rows = reply.results.at(-1)?.rows ?? [];
    const bad = rows.find(([value]) => value === null || value === undefined || value === 'f');
    if (rows.length === 0) return { ...common, ok: false, actual: 'no row' };
    return { ...common, ok: bad === undefined, actual: bad === undefined ? 'true' : bad[0] === 'f' ? 'false' : 'null' };
  });
  return Promise.all(checks);
}

function firstLine(query: string): string {
  const line = query.replaceAll(/\s+/g, ' ').trim();
  return line.length > 80 ? `${line.slice(0, 80)}…` : line;
}

/**
 * One message without BEGIN: its statements share one implicit transaction, which the server ends on its own, even
 * after an error. So many of them can be in flight at once.
 */
function readOnly(
  session: Pick<Session, 'send'>,
  query: string,
  { timeout, lockTimeout, rows }: ViewQueryOptions = { timeout: queryTimeout, lockTimeout: '1s', rows: 'all' },
): Promise<Reply> {
  const text = `SET TRANSACTION READ ONLY;\nSET LOCAL statement_timeout TO '${timeout}';\nSET LOCAL lock_timeout TO '${lockTimeout}';\n${query}\n`;
  return session.send(text, { rows });
}

interface ViewQueryOptions {
  readonly timeout: string;
  readonly lockTimeout: string;
  readonly rows: 'all' | 'none';
}
