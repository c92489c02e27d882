import type { Client } from 'pg';
import type { Foreign, History, Migration } from './history.ts';
import { takeSnapshot, type Snapshot } from './snapshot.ts';
import type { Place, Stage } from './stage.ts';

/** What the files alone make. */
export interface Reference {
  readonly snapshot: Snapshot;
  /** For each run, the first transaction behind it: what has a newer `xmin` was written later. */
  readonly borders: readonly number[];
}

/** Runs the files as psql does, statement by statement and as if in a session each. Undefined: the server refuses one. */
export async function replay(stage: Stage, history: History): Promise<Reference | undefined> {
  await using place = await stage.database();
  return await withClient(place, async (client) => {
    const borders: number[] = [];
    for (const run of history.runs) {
      for (const migration of run) if (!(await played(client, migration))) return undefined;
      borders.push(await nextTransaction(client));
    }
    return { snapshot: await takeSnapshot(client), borders };
  });
}

/** Would the files be accepted with the others' changes between them? */
export async function survives(stage: Stage, history: History): Promise<boolean> {
  await using place = await stage.database();
  return await withClient(place, async (client) => {
    for (const [index, run] of history.runs.entries()) {
      const beside = history.foreign.filter((change) => change.run === index + 1);
      await changeAll(
        client,
        beside.filter(({ when }) => when === 'during'),
      );
      for (const migration of run) if (!(await played(client, migration))) return false;
      await changeAll(
        client,
        beside.filter(({ when }) => when === 'after'),
      );
    }
    return true;
  });
}

async function played(client: Client, migration: Migration): Promise<boolean> {
  try {
    for (const sql of migration.statements) await client.query(sql);
    return true;
  } catch (error) {
    if ((error as { code?: string }).code === undefined) throw error;
    return false;
  } finally {
    await client.query('ROLLBACK');
    await client.query('DISCARD ALL');
  }
}

/** Others' changes, each in a transaction of its own; those that the server refuses are none. Gives their transactions. */
export async function changeAll(client: Client, changes: readonly Pick<Foreign, 'sql'>[]): Promise<readonly number[]> {
  const transactions: number[] = [];
  for (const { sql } of changes) {
    const before = await nextTransaction(client);
    try {
      await client.query(`SET lock_timeout = '2s'; ${sql}`);
    } catch (error) {
      if ((error as { code?: string }).code === undefined) throw error;
      continue;
    }
    for (let xid = before; xid < (await nextTransaction(client)); xid += 1) transactions.push(xid);
  }
  return transactions;
}

export async function nextTransaction(client: Client): Promise<number> {
  const { rows } = await client.query<{ next: string }>('select pg_snapshot_xmax(pg_current_snapshot())::text as next');
  return Number(rows[0]?.next);
}

export async function withClient<T>(place: Place, work: (client: Client) => Promise<T>): Promise<T> {
  const client = await place.connect();
  try {
    return await work(client);
  } finally {
    await client.end();
  }
}
