import { quoteLiteral } from '../../sql/quote.ts';
import { tokensOf } from '../../sql/lexer.ts';
import type { Reply, Session } from '../ports.ts';

/** What the catalogue says of a statement's effect. `unknown`: it cannot be told, and a second execution could do harm. */
type EffectState = 'done' | 'half' | 'absent' | 'unknown';

/** How to find out whether a statement outside of transactions took effect, and how to clear a half effect. */
export interface EffectProbe {
  state(session: Session): Promise<EffectState>;
  repair(session: Session): Promise<Reply>;
  /** True: the statement may say that it succeeded over a half effect that was there before (IF NOT EXISTS). */
  readonly passesOver?: true;
}

const part = String.raw`(?:"(?:[^"]|"")+"|[\p{L}_][\p{L}\p{N}_$]*)`;
const name = `(${part}(?:\\s*\\.\\s*${part})?)`;

/** Whether an index exists and is usable, looked up on its own table: `to_regclass` finds another schema's object. */
const createIndex = new RegExp(
  `^create\\s+(?:unique\\s+)?index\\s+concurrently\\s+(?:if\\s+not\\s+exists\\s+)?(${part})\\s+on\\s+(?:only\\s+)?${name}`,
  'iu',
);
const dropIndex = new RegExp(`^drop\\s+index\\s+concurrently\\s+(?:if\\s+exists\\s+)?${name}`, 'iu');
const detach = new RegExp(
  `^alter\\s+table\\s+(?:if\\s+exists\\s+)?(?:only\\s+)?${name}\\s+detach\\s+partition\\s+${name}`,
  'iu',
);
const reindex = new RegExp(`^reindex\\s+(?:\\([^)]*\\)\\s*)?(index|table)\\s+(?:concurrently\\s+)?${name}`, 'iu');
const createDatabase = new RegExp(`^create\\s+database\\s+(${part})`, 'iu');
const dropDatabase = new RegExp(`^drop\\s+database\\s+(?:if\\s+exists\\s+)?(${part})`, 'iu');
/** Statements that may run again without harm. */
const repeatable = /^(vacuum|analyze|reindex|cluster|refresh|alter\s+system|checkpoint|discard|alter\s+database)\b/i;

/**
 * The probe for a statement, by its text from its first token on. Comments inside it do not hide what it is.
 *
 * @param written the statement in the user's own bytes
 */
export function probeOf(written: string): EffectProbe {
  const text = withoutComments(written);
  const created = createIndex.exec(text);
  if (created !== null) return indexProbe(created[1] ?? '', created[2] ?? '');
  const dropped = dropIndex.exec(text);
  if (dropped !== null) return goneProbe(`pg_catalog.to_regclass(${quoteLiteral(dropped[1] ?? '')}) is null`);
  const detached = detach.exec(text);
  if (detached !== null) return detachProbe(detached[1] ?? '', detached[2] ?? '');
  const rebuilt = /\bconcurrently\b/i.test(text) ? reindex.exec(text) : null;
  if (rebuilt !== null) return reindexProbe(rebuilt[1] ?? '', rebuilt[2] ?? '');
  const database = createDatabase.exec(text) ?? dropDatabase.exec(text);
  if (database !== null) {
    const exists = `exists (select from pg_catalog.pg_database where datname = ${plainName(database[1] ?? '')})`;
    return goneProbe(/^create/i.test(text) ? exists : `not ${exists}`);
  }
  const state: EffectState = repeatable.test(text) ? 'absent' : 'unknown';
  return { state: () => Promise.resolve(state), repair: nothingToRepair };
}

const nothingToRepair = (): Promise<Reply> => Promise.resolve({ ok: true, results: [] });

function indexProbe(index: string, table: string): EffectProbe {
  const found = `from pg_catalog.pg_index i join pg_catalog.pg_class c on c.oid = i.indexrelid
    where i.indrelid = pg_catalog.to_regclass(${quoteLiteral(table)}) and c.relname = ${plainName(index)}`;
  return {
    passesOver: true,
    async state(session) {
      const [row] = await rows(session, `select i.indisvalid and i.indisready ${found}`);
      return row === undefined ? 'absent' : row[0] === 't' ? 'done' : 'half';
    },
    async repair(session) {
      const [row] = await rows(
        session,
        `select i.indexrelid::regclass::text ${found} and not (i.indisvalid and i.indisready)`,
      );
      return row?.[0] == null ? nothingToRepair() : session.send(`DROP INDEX CONCURRENTLY IF EXISTS ${row[0]}`);
    },
  };
}

/** It may run again without harm, but what a failed one leaves behind costs every write: on the table and its toast. */
function reindexProbe(kind: string, named: string): EffectProbe {
  const relation = `pg_catalog.to_regclass(${quoteLiteral(named)})`;
  const table =
    kind.toLowerCase() === 'table'
      ? relation
      : `(select indrelid from pg_catalog.pg_index where indexrelid = ${relation})`;
  const leftovers = `select i.indexrelid::regclass::text from pg_catalog.pg_index i join pg_catalog.pg_class c on c.oid = i.indexrelid
    where not i.indisvalid and c.relname ~ '_cc(new|old)[0-9]*$'
      and i.indrelid in (${table}, (select reltoastrelid from pg_catalog.pg_class where oid = ${table}))`;
  return {
    state: async (session) => ((await rows(session, leftovers)).length > 0 ? 'half' : 'absent'),
    async repair(session) {
      for (const [index] of await rows(session, leftovers)) {
        const dropped = await session.send(`DROP INDEX CONCURRENTLY IF EXISTS ${index ?? ''}`);
        if (!dropped.ok) return dropped;
      }
      return nothingToRepair();
    },
  };
}

function goneProbe(condition: string): EffectProbe {
  return {
    async state(session) {
      const [row] = await rows(session, `select ${condition}`);
      return row?.[0] === 't' ? 'done' : 'absent';
    },
    repair: nothingToRepair,
  };
}

function detachProbe(parent: string, partition: string): EffectProbe {
  const [whole, piece] = [parent, partition].map((name) => `pg_catalog.to_regclass(${quoteLiteral(name)})`);
  const query = `select ${whole} is null or ${piece} is null, (select inhdetachpending from pg_catalog.pg_inherits
    where inhparent = ${whole} and inhrelid = ${piece})`;
  return {
    async state(session) {
      const [row] = await rows(session, query);
      if (row === undefined || row[0] === 't') return 'unknown';
      return row[1] === null ? 'done' : row[1] === 't' ? 'half' : 'absent';
    },
    repair: (session) => session.send(`ALTER TABLE ${parent} DETACH PARTITION ${partition} FINALIZE`),
  };
}

async function rows(session: Session, query: string): Promise<readonly (readonly (string | null)[])[]> {
  const reply = await session.send(query, { rows: 'all' });
  return reply.ok ? (reply.results[0]?.rows ?? []) : [];
}

function withoutComments(text: string): string {
  const bytes = new TextEncoder().encode(text);
  const decoder = new TextDecoder();
  const words: string[] = [];
  for (const { kind, start, end } of tokensOf(bytes, 0, bytes.length))
    if (kind !== 'line-comment' && kind !== 'block-comment') words.push(decoder.decode(bytes.subarray(start, end)));
  return words.join(' ');
}

/** An identifier as written, as the literal of the name it stands for. */
function plainName(written: string): string {
  const plain = written.startsWith('"') ? written.slice(1, -1).replaceAll('""', '"') : written.toLowerCase();
  return quoteLiteral(plain);
}
