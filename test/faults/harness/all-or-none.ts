import type { Wrong } from './check.ts';
import type { CaseDatabase } from './workbench.ts';

/** One statement, so that history and catalogue are seen at one moment. */
const seenQuery = `select (select count(*) from godwit.migration)::text
union all select (select count(*) from pg_class where relnamespace = 'public'::regnamespace)::text
union all select (select seq from godwit.guard)::text`;

/** After `up --tx all`, however it ended: history and database hold all of its migrations, or nothing. */
export async function judgeTogether(database: CaseDatabase): Promise<readonly Wrong[]> {
  const [there] = await database.columns("select to_regclass('godwit.guard')");
  if (there?.[0] !== 'godwit.guard') return [];
  const [found = []] = await database.columns(seenQuery);
  const [recorded = 0, objects = 0, seq = 0] = found.map(Number);
  if (recorded === seq && (recorded === 0) === (objects === 0)) return await judgeWhole(database, recorded);
  const why = `one transaction is there in part: ${recorded} migrations, ${objects} objects, number ${seq}`;
  return [{ flaw: 'unrecorded', why }];
}

/** The last file of the set marks that it was reached. */
async function judgeWhole(database: CaseDatabase, recorded: number): Promise<readonly Wrong[]> {
  if (recorded === 0) return [];
  const [last = []] = await database.columns("select to_regclass('the_end')");
  if (last[0] === 'the_end') return [];
  return [{ flaw: 'unrecorded', why: `one transaction is there in part: ${recorded} migrations, not the last one` }];
}
