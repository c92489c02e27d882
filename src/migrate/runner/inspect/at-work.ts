import { appliedNow, type History } from '../../contract/history.ts';
import type { CurrentState } from '../../contract/history-rows.ts';
import type { Bundle, Session } from '../../contract/ports.ts';
import type { Opened } from '../session/open.ts';
import { readStatements } from '../history/read-statements.ts';
import { whereTheyStand } from './current-state.ts';
import { atWork, readRuns } from './read-runs.ts';

/** What belongs to the answer about the history at this moment. */
export async function currentState(
  { session, history }: Opened,
  bundle: Bundle,
): Promise<{ readonly now?: CurrentState }> {
  const now = { ...(await runsAtWork(session)), ...(await editedRows(session, bundle, history)) };
  return Object.keys(now).length === 0 ? {} : { now };
}

/** The runs that are at work on this database, with what they do. */
async function runsAtWork(session: Session): Promise<Pick<CurrentState, 'working'>> {
  const runs = await readRuns(session, atWork);
  if ('outcome' in runs) return {};
  const live = new Map((await whereTheyStand(session, runs)).map((row) => [row.run, row]));
  const working = runs.flatMap(({ run, command, by, from, startedAt, ms }) => {
    const row = live.get(run);
    return row === undefined ? [] : [{ ...row, command, by, from, startedAt, ms }];
  });
  return working.length === 0 ? {} : { working };
}

/** Of longer files it is only known that they differ. */
const mostStatements = 1_000;
const mostEdited = 20;

/** The statements of applied migrations whose files have different bytes now, to say what was edited in them. */
async function editedRows(
  session: Session,
  { migrations }: Bundle,
  { rows }: History,
): Promise<Pick<CurrentState, 'edited'>> {
  const files = new Map(migrations.map(({ id, up }) => [id, up.checksum]));
  const differing = appliedNow(rows).filter(({ id, checksum }) => (files.get(id) ?? checksum) !== checksum);
  const read = readStatements(session);
  const edited: NonNullable<CurrentState['edited']>[number][] = [];
  for (const { seq } of differing.slice(0, mostEdited)) {
    const statements = await read(seq);
    if (Array.isArray(statements) && statements.length <= mostStatements) edited.push({ seq, statements });
  }
  return edited.length === 0 ? {} : { edited };
}
