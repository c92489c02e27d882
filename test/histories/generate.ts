import type { Client } from 'pg';
import { diceOf, type Dice } from './dice.ts';
import { damagesOf } from './damages.ts';
import { foreignChanges } from './foreign.ts';
import type { Foreign, History, Migration } from './history.ts';
import { columnFamily } from './statements/columns.ts';
import { constraintFamily } from './statements/constraints.ts';
import { guardFamily } from './statements/guards.ts';
import { indexFamily } from './statements/indexes.ts';
import { otherFamily } from './statements/others.ts';
import { viewFamily } from './statements/views.ts';
import type { Proposal } from './statements/proposal.ts';
import { routineFamily } from './statements/routines.ts';
import { blockFamily, rowFamily } from './statements/rows.ts';
import { tableFamily } from './statements/tables.ts';
import { typeFamily } from './statements/types.ts';
import { lookAt } from './world.ts';
import { nextTransaction, type Reference } from './replay.ts';
import { takeSnapshot } from './snapshot.ts';

const plain: readonly (readonly [number, Proposal])[] = [
  [20, among(tableFamily)],
  [5, among(guardFamily)],
  [20, among(columnFamily)],
  [14, among(constraintFamily)],
  [12, among(indexFamily)],
  [10, among(viewFamily)],
  [14, among(routineFamily)],
  [12, among(typeFamily)],
  [12, among(otherFamily)],
  [10, among(rowFamily)],
];
const any = among([...plain, [16, among(blockFamily(among(plain)))]]);
const creating = among([
  [6, among(tableFamily.slice(0, 3))],
  [2, among(typeFamily.slice(0, 1))],
  [1, among(routineFamily.slice(5, 6))],
]);

function among(family: readonly (readonly [number, Proposal])[]): Proposal {
  return (world, dice) => dice.pick(family)(world, dice);
}

/** The server refuses it in a transaction, or what it makes can be used only after one: it stands alone. */
function isAlone(sql: string): boolean {
  return (/\bCONCURRENTLY\b/.test(sql) && !sql.startsWith('REFRESH')) || /^VACUUM|^ALTER TYPE .* ADD VALUE/.test(sql);
}

/** A history, and what its files have made in the scratch database. */
interface Generated {
  readonly history: History;
  readonly reference: Reference;
}

/** What one seed stands for; the scratch database says which statements it would take, exactly as a file of psql's. */
export async function generate(seed: number, major: number, client: Client): Promise<Generated> {
  const dice = diceOf(seed);
  const runs: (readonly Migration[])[] = [];
  const borders: number[] = [];
  const foreign: Foreign[] = [];
  const besides = dice.maybe(0.4);
  const count = dice.of(2, 2, 3, 3, 4);
  let id = 0;
  for (let run = 0; run < count; run += 1) {
    const migrations: Migration[] = [];
    for (let left = dice.upTo(3); left > 0; left -= 1) {
      const statements = await new Draft(client, dice).fill(run === 0 && migrations.length === 0);
      if (statements.length > 0) migrations.push({ id: String((id += 1)), statements });
    }
    if (migrations.length === 0) continue;
    runs.push(migrations);
    borders.push(await nextTransaction(client));
    if (besides) foreign.push(...foreignChanges(await lookAt(client), dice, runs.length, run === count - 1));
  }
  const damages = damagesOf(await lookAt(client), dice);
  return {
    history: { seed, major, runs, foreign, damages },
    reference: { snapshot: await takeSnapshot(client), borders },
  };
}

/** Some people write the transaction into the file: around all of it, around a part, with a savepoint inside. */
function framed(statements: readonly string[], dice: Dice): readonly string[] {
  const half = Math.floor(statements.length / 2);
  const [first, second] = [statements.slice(0, half), statements.slice(half)];
  const way = dice.next();
  if (statements.length < 2 || statements.some((sql) => isAlone(sql) || /^(CREATE TEMP|SET|RESET)/.test(sql)))
    return statements;
  if (way < 0.08) return ['BEGIN', ...statements, 'COMMIT'];
  if (way < 0.12) return ['BEGIN', ...first, 'COMMIT', ...second];
  if (way >= 0.16) return statements;
  const undone = ['SAVEPOINT aside', 'CREATE TABLE undone (id int)', 'ROLLBACK TO aside', 'RELEASE aside'];
  return ['BEGIN', ...first, ...undone, ...second, 'COMMIT'];
}

/** IF NOT EXISTS that meets something else of that name is told or refused on purpose: that is not for here. */
const met = new Set(['42P07', '42710', '42701']);
const harmless =
  /^(CREATE (SCHEMA|EXTENSION) |ALTER TYPE |ALTER TABLE \S+ ADD COLUMN IF NOT EXISTS |CREATE TABLE IF NOT EXISTS )/;

/** A file in the making, in a transaction as godwit would run it; each statement is tried behind a savepoint. */
class Draft {
  private readonly client: Client;
  private readonly dice: Dice;
  private notices = 0;

  constructor(client: Client, dice: Dice) {
    this.client = client;
    this.dice = dice;
  }

  async fill(first: boolean): Promise<readonly string[]> {
    const { client, dice } = this;
    const listen = ({ code }: { readonly code?: string | undefined }): void => {
      if (met.has(code ?? '')) this.notices += 1;
    };
    client.on('notice', listen);
    try {
      await client.query('BEGIN; SAVEPOINT tried');
      const statements = await this.propose(first ? 6 + dice.upTo(10) : dice.upTo(12));
      await client.query('SET CONSTRAINTS ALL IMMEDIATE; COMMIT');
      return framed(statements, dice);
    } catch (error) {
      // A deferred constraint speaks at the end only: then there is no such file.
      if ((error as { code?: string }).code === undefined) throw error;
      await client.query('ROLLBACK');
      return [];
    } finally {
      client.off('notice', listen);
      // The next file has a session of its own.
      await client.query('RESET ALL; DISCARD TEMP; UNLISTEN *');
    }
  }

  private async propose(wanted: number): Promise<readonly string[]> {
    const statements: string[] = [];
    let world = await lookAt(this.client);
    let unseen = 0;
    for (let tries = 0; statements.length < wanted && tries < wanted * 4; tries += 1) {
      const proposal = world.relations.length < 4 && this.dice.maybe(0.7) ? creating : any;
      const made = proposal(world, this.dice);
      const group = made === undefined ? [] : typeof made === 'string' ? [made] : made;
      if (group.length === 0 || group.some((sql) => /\bundefined\b/.test(sql))) continue;
      const temporary = statements.some((sql) => sql.startsWith('CREATE TEMP'));
      if (group.some(isAlone) && (group.length > 1 || temporary)) continue;
      if (!(await this.accepts(group))) continue;
      statements.push(...group);
      if (group.every((sql) => invisible.test(sql))) continue;
      unseen += 1;
      // Behind a swap of names the next statement would mean the other table.
      if (unseen < 2 && this.dice.maybe(0.5) && !group.some((sql) => sql.includes('RENAME TO'))) continue;
      world = await lookAt(this.client);
      unseen = 0;
    }
    return statements;
  }

  private async accepts(group: readonly string[]): Promise<boolean> {
    this.notices = 0;
    const { client } = this;
    if (group.some(isAlone)) return await this.acceptsAlone(group[0] ?? '');
    try {
      for (const sql of group) await client.query(sql);
      if (this.notices > 0 && !group.every((sql) => harmless.test(sql)))
        throw Object.assign(new Error('met'), { code: 'met' });
      await client.query('RELEASE tried; SAVEPOINT tried');
      return true;
    } catch (error) {
      if ((error as { code?: string }).code === undefined) throw error;
      await client.query('ROLLBACK TO tried');
      return false;
    }
  }

  private async acceptsAlone(sql: string): Promise<boolean> {
    const { client } = this;
    await client.query('COMMIT');
    const before = await client.query<{ oid: number }>('select indexrelid as oid from pg_index where not indisvalid');
    try {
      await client.query(sql);
      return this.notices === 0;
    } catch (error) {
      if ((error as { code?: string }).code === undefined) throw error;
      const known = before.rows.map(({ oid }) => oid);
      const { rows } = await client.query<{ name: string }>(
        'select indexrelid::regclass::text as name from pg_index where not indisvalid and indexrelid <> all ($1::oid[])',
        [known],
      );
      for (const { name } of rows) await client.query(`DROP INDEX ${name}`);
      return false;
    } finally {
      await client.query('BEGIN; SAVEPOINT tried');
    }
  }
}

/** Nothing new to be seen behind these. */
const invisible =
  /^(INSERT|UPDATE|DELETE|TRUNCATE|COMMENT|GRANT|REVOKE|SET |RESET|SELECT 1|VALUES|ANALYZE|VACUUM|REINDEX|EXPLAIN|NOTIFY)/;
