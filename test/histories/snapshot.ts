import type { Client } from 'pg';
import { snapshotQuery } from './snapshot-query.ts';

/** One thing that a database defines. */
interface Entry {
  readonly kind: string;
  readonly name: string;
  /** Its bare name, without quotes. */
  readonly own: string;
  /** The relation, function or type that it is a part of; its own name if it is one; empty for others. */
  readonly part: string;
  readonly def: string;
  /** The newest transaction that wrote its rows. */
  readonly xmin: number;
}

export type Snapshot = ReadonlyMap<string, Entry>;

/** How one thing differs between what the files alone make and what is there. */
export interface Difference {
  readonly how: 'missing' | 'changed' | 'added';
  /** As the files alone make it; for what was added, as it is there. */
  readonly entry: Entry;
  /** As it is there. */
  readonly found?: Entry;
}

/** Everything that the database defines, in the server's words under fixed settings. */
export async function takeSnapshot(client: Client): Promise<Snapshot> {
  await client.query('begin isolation level repeatable read read only');
  try {
    await client.query(
      `select set_config('search_path', 'pg_catalog', true), set_config('jit', 'off', true), set_config('quote_all_identifiers', 'off', true)`,
    );
    const { rows } = await client.query<Omit<Entry, 'xmin'> & { readonly xmin: string }>(snapshotQuery);
    return new Map(
      rows.map((row) => [`${row.kind} ${row.name}`, { ...row, def: row.def ?? '', xmin: Number(row.xmin) }]),
    );
  } finally {
    await client.query('commit');
  }
}

/** What differs between what should be there and what is there. */
export function differences(expected: Snapshot, found: Snapshot): readonly Difference[] {
  const list: Difference[] = [];
  for (const [key, entry] of expected) {
    const there = found.get(key);
    if (there === undefined) list.push({ how: 'missing', entry });
    else if (there.def !== entry.def) list.push({ how: 'changed', entry, found: there });
  }
  for (const [key, entry] of found) if (!expected.has(key)) list.push({ how: 'added', entry, found: entry });
  return list;
}

/** In one line, for people. */
export function differenceText({ how, entry, found }: Difference): string {
  const sides = how === 'changed' ? `: ${short(entry.def)} => ${short(found?.def ?? '')}` : '';
  return `${how} ${entry.kind} ${entry.name}${sides}`;
}

function short(text: string): string {
  const line = text.replaceAll(/\s+/g, ' ');
  return line.length > 160 ? `${line.slice(0, 160)}…` : line;
}
