import { fault } from '../../../kit/fault.ts';
import type { Finding } from '../../../kit/finding.ts';
import { splitStream } from '../../../sql/stream.ts';
import { createTokenWriter } from '../../../sql/token-text.ts';
import { mayChangeRows } from '../../read/row-statements.ts';
import type { HistoryRow } from '../../contract/history-rows.ts';
import { versionIn } from '../../contract/migration-id.ts';
import type { Statement } from '../../contract/model.ts';
import type { ByteSource, Hashing, Session } from '../../contract/ports.ts';
import type { ProofOptions, Recordable } from './recordable.ts';

/**
 * Statements of a squashed file that change rows and were not executed by the replaced migrations: the catalogue does
 * not show whether their effect exists. The history stores the hash of each statement.
 */
export async function unknownRows(
  session: Session,
  { migration, rows }: Recordable,
  { bundle, named, hashing }: Pick<ProofOptions, 'bundle' | 'named' | 'hashing'>,
): Promise<readonly Finding[]> {
  const analysis = await bundle.analysis(migration, 'up');
  if (!analysis.ok) return analysis.findings;
  const { statements } = analysis.value;
  const body = await bundle.body(migration, 'up');
  const executed = await executedBy(session, rows);
  const grouped = inGroups(statements, executed);
  const unknown: Statement[] = [];
  for (const statement of statements) {
    if (executed.alone.has(statement.hash) || grouped.has(statement)) continue;
    if (!(await mayChangeRows(statement, body))) continue;
    if (!(await eachExecuted(statement, body, executed, hashing))) unknown.push(statement);
  }
  const severity = named.includes(migration.id) ? ('warning' as const) : ('error' as const);
  return unknown.map(({ tag, line, column }) =>
    fault('squash-rows', {
      severity,
      where: { file: migration.up.file, line, column },
      why: `None of the replaced migrations executed this ${tag} here.`,
      fix: `Check whether its effect is there. If it is, \`godwit adopt ${versionIn(migration.id)}\` records the migration without that proof.`,
    }),
  );
}

/**
 * Hashes of statements that were executed individually; and of groups, as `first..last` with the number of their
 * statements.
 */
interface ExecutedHashes {
  readonly alone: ReadonlySet<string>;
  readonly groups: readonly { readonly first: string; readonly last: string; readonly count: number }[];
}

async function executedBy(session: Session, rows: readonly HistoryRow[]): Promise<ExecutedHashes> {
  const seqs = rows.map(({ seq }) => Math.trunc(seq)).join(',');
  const reply = await session.send(
    `select hash, count from godwit.statement where seq = any('{${seqs}}'::pg_catalog.int8[])`,
    { rows: 'all' },
  );
  const alone = new Set<string>();
  const groups: { first: string; last: string; count: number }[] = [];
  for (const [hash, count] of reply.ok ? (reply.results[0]?.rows ?? []) : []) {
    const [first = '', last] = (hash ?? '').split('..');
    if (last === undefined) alone.add(first);
    else groups.push({ first, last, count: Number(count) });
  }
  return { alone, groups };
}

/** Which statements lie between the first and the last of an executed group. */
function inGroups(statements: readonly Statement[], { groups }: ExecutedHashes): ReadonlySet<Statement> {
  const found = new Set<Statement>();
  const firsts = new Map<string, typeof groups>();
  for (const group of groups) firsts.set(group.first, [...(firsts.get(group.first) ?? []), group]);
  for (const [index, statement] of statements.entries()) {
    for (const { last, count } of firsts.get(statement.hash) ?? []) {
      let sum = 0;
      let at = index;
      while (sum < count && at < statements.length) sum += statements[at++]?.count ?? 0;
      if (sum !== count || statements[at - 1]?.hash !== last) continue;
      for (const member of statements.slice(index, at)) found.add(member);
    }
  }
  return found;
}

/** A run of similar INSERTs is one statement in a large file, but was several in a small one. */
async function eachExecuted(
  { kind, start, end, count }: Statement,
  body: ByteSource,
  { alone }: ExecutedHashes,
  hashing: Hashing,
): Promise<boolean> {
  if (count === 1 || kind !== 'sql') return false;
  const source = {
    size: end - start,
    read: (from: number, to: number) => body.read(start + from, Math.min(start + to, end)),
  };
  for await (const { pieces, bytes, base } of splitStream(source)) {
    for (const piece of pieces) {
      const hash = hashing.sha256();
      const writer = createTokenWriter((part) => hash.update(part));
      writer.write(bytes, piece.head - base, piece.end - base);
      writer.flush();
      if (!alone.has(hash.hex())) return false;
    }
  }
  return true;
}
