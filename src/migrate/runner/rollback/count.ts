import { quoteIdent, quoteLiteral } from '../../../sql/quote.ts';
import { shortWaitMs } from '../../contract/lock-policy.ts';
import type { RefusedReply, Reply, Session } from '../../contract/ports.ts';
import type { LossTarget } from './targets.ts';

/** Rows by the OID of the table that they lie in: one, or those of the partitions and inheriting tables. */
export type Counted = { readonly ok: true; readonly rows: ReadonlyMap<string, number> } | RefusedReply;

/** What is counted of a table. */
interface Counting {
  /** True: without inheriting tables. */
  readonly only?: boolean | undefined;
  /** Counting ends here; absent: all are counted. */
  readonly most?: number;
}

/** How long counting ahead may take for one table, in milliseconds. */
const aheadMs = 2_000;

/** Counts outside the user's transactions, without waiting for locks. */
export async function countOutside(session: Session, target: LossTarget, counting: Counting): Promise<Counted> {
  const text = [
    'BEGIN READ ONLY',
    `SET LOCAL lock_timeout TO '${shortWaitMs}ms'`,
    `SET LOCAL statement_timeout TO ${counting.most === undefined ? '0' : `'${aheadMs}ms'`}`,
    'SET LOCAL row_security TO off',
    ...roleOf(target),
    countQuery(target, counting),
    'ROLLBACK',
  ];
  const reply = await session.send(joined(text), { rows: 'all' });
  if (!reply.ok && !reply.error.lost) await session.send('ROLLBACK');
  return countedIn(reply);
}

/**
 * Counts inside a transaction, under a lock that keeps others from adding rows. The file's settings remain unchanged.
 */
export async function countLocked(
  session: Session,
  target: LossTarget,
  options: Counting & { readonly mode: 'ACCESS EXCLUSIVE' | 'SHARE ROW EXCLUSIVE' },
): Promise<Counted> {
  const kept = ['role', 'row_security', 'statement_timeout'];
  const known = await session.send(
    `SELECT ${kept.map((name) => `pg_catalog.current_setting(${quoteLiteral(name)})`).join(', ')}`,
    { rows: 'all' },
  );
  if (!known.ok) return known;
  const values = known.results[0]?.rows[0] ?? [];
  const back = kept.map(
    (name, index) => `pg_catalog.set_config(${quoteLiteral(name)}, ${quoteLiteral(values[index] ?? '')}, true)`,
  );
  const text = [
    'SET LOCAL statement_timeout TO 0',
    ...roleOf(target),
    `LOCK TABLE ${onlyOf(options)}${target.table} IN ${options.mode} MODE`,
    'SET LOCAL row_security TO off',
    countQuery(target, options),
    `SELECT ${back.join(', ')}`,
  ];
  return countedIn(await session.send(joined(text), { rows: 'all' }));
}

function joined(commands: readonly string[]): string {
  return commands.map((command) => `${command};\n`).join('');
}

function roleOf({ role }: LossTarget): readonly string[] {
  return role === undefined ? [] : [`SET LOCAL ROLE ${quoteIdent(role)}`];
}

function onlyOf({ only }: Counting): string {
  return only === true ? 'ONLY ' : '';
}

const resultName = 'godwit_rows';

function countQuery({ table, condition }: LossTarget, counting: Counting): string {
  const from = `FROM ${onlyOf(counting)}${table} WHERE ${condition}`;
  return counting.most === undefined
    ? `SELECT tableoid, count(*) AS ${resultName} ${from} GROUP BY tableoid`
    : `SELECT '', count(*) AS ${resultName} FROM (SELECT ${from} LIMIT ${counting.most}) AS some_rows`;
}

function countedIn(reply: Reply): Counted {
  if (!reply.ok) return reply;
  const result = reply.results.find(({ columns }) => columns[1] === resultName);
  const rows = (result?.rows ?? []).map(([oid, count]) => [oid ?? '', Number(count)] as const);
  return { ok: true, rows: new Map(rows) };
}

/** All rows together. */
export function sumOf(rows: ReadonlyMap<string, number>): number {
  let sum = 0;
  for (const count of rows.values()) sum += count;
  return sum;
}
