import type { Client } from 'pg';
import { diceOf, type Dice } from './dice.ts';
import { foreignChanges, damagesOf } from './foreign.ts';
import type { Foreign, History, Migration } from './history.ts';
import { columnFamily, constraintFamily, indexFamily, viewFamily } from './statements/parts.ts';
import type { Proposal } from './statements/proposal.ts';
import { routineFamily } from './statements/routines.ts';
import { blockFamily, rowFamily } from './statements/rows.ts';
import { tableFamily } from './statements/tables.ts';
import { otherFamily, typeFamily } from './statements/types.ts';
import { lookAt, type World } from './world.ts';

const plain: readonly (readonly [number, Proposal])[] = [
  [24, among(tableFamily)],
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
const creating = among([[6, among(tableFamily.slice(0, 3))], [2, among(typeFamily.slice(0, 1))], [1, among(routineFamily.slice(5, 6))]]);

function among(family: readonly (readonly [number, Proposal])[]): Proposal {
  return (world, dice) => dice.pick(family)(world, dice);
}

/** The server refuses it in a transaction, or what it makes can be used only after one: it stands alone. */
export function isAlone(sql: string): boolean {
  return (/\bCONCURRENTLY\b/.test(sql) && !sql.startsWith('REFRESH')) || /^VACUUM|^ALTER TYPE .* ADD VALUE/.test(sql);
}

/** What one seed stands for; the scratch database says which statements it would take, exactly as a file of psql's. */
export async function generate(seed: number, major: number, connect: () => Promise<Client>): Promise<History> {
  const dice = diceOf(seed);
  const runs: (readonly Migration[])[] = [];
  const foreign: Foreign[] = [];
  const besides = dice.maybe(0.4);
  const count = dice.of(2, 2, 3, 3, 4);
  let id = 0;
  let world: World | undefined;
  for (let run = 0; run < count; run += 1) {
    const migrations: Migration[] = [];
    for (let left = dice.upTo(3); left > 0; left -= 1) {
      const made = await makeFile(connect, dice, run === 0 && migrations.length === 0);
      world = made.world;
      if (made.statements.length > 0) migrations.push({ id: String((id += 1)), statements: made.statements });
    }
    if (migrations.length === 0) continue;
    runs.push(migrations);
    if (besides && world !== undefined) foreign.push(...foreignChanges(world, dice, runs.length, run === count - 1));
  }
  const damages = world === undefined ? [] : damagesOf(world, dice);
  return { seed, major, runs, foreign, damages };
}

/** One file, in a session of its own. */
async function makeFile(
  connect: () => Promise<Client>,
  dice: Dice,
  first: boolean,
): Promise<{ readonly statements: readonly string[]; readonly world: World }> {
  const client = await connect();
  try {
    await client.query('BEGIN');
    const statements: string[] = [];
    let world = await lookAt(client);
    const wanted = first ? 6 + dice.upTo(10) : dice.upTo(12);
    for (let tries = 0; statements.length < wanted && tries < wanted * 4; tries += 1) {
      const proposal = world.relations.length < 4 && dice.maybe(0.7) ? creating : any;
      const made = proposal(world, dice);
      const group = made === undefined ? [] : typeof made === 'string' ? [made] : made;
      if (group.length === 0 || group.some((sql) => /\bundefined\b/.test(sql))) continue;
      const temporary = statements.some((sql) => sql.startsWith('CREATE TEMP'));
      if (group.some(isAlone) && (group.length > 1 || temporary)) continue;
      if (!(await accepted(client, group))) continue;
      statements.push(...group);
      world = await lookAt(client);
    }
    await client.query('SET CONSTRAINTS ALL IMMEDIATE; COMMIT');
    return { statements, world };
  } catch (error) {
    // A deferred constraint speaks at the end only: then there is no such file.
    await client.query('ROLLBACK');
    if ((error as { code?: string }).code === undefined) throw error;
    return { statements: [], world: await lookAt(client) };
  } finally {
    await client.end();
  }
}

async function accepted(client: Client, group: readonly string[]): Promise<boolean> {
  if (group.some(isAlone)) return await acceptedAlone(client, group[0] ?? '');
  await client.query('SAVEPOINT tried');
  try {
    for (const sql of group) await client.query(sql);
    await client.query('RELEASE tried');
    return true;
  } catch (error) {
    if ((error as { code?: string }).code === undefined) throw error;
    await client.query('ROLLBACK TO tried; RELEASE tried');
    return false;
  }
}

async function acceptedAlone(client: Client, sql: string): Promise<boolean> {
  try {
    await client.query('COMMIT');
  } catch {
    await client.query('BEGIN');
    return false;
  }
  const before = await client.query<{ oid: number }>('select indexrelid as oid from pg_index where not indisvalid');
  let ok = true;
  try {
    await client.query(sql);
  } catch (error) {
    if ((error as { code?: string }).code === undefined) throw error;
    ok = false;
    const known = before.rows.map(({ oid }) => oid);
    const { rows } = await client.query<{ name: string }>('select indexrelid::regclass::text as name from pg_index where not indisvalid and indexrelid <> all ($1::oid[])', [known]);
    for (const { name } of rows) await client.query(`DROP INDEX ${name}`);
  }
  await client.query('BEGIN');
  return ok;
}
