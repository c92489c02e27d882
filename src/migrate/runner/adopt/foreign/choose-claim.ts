import { fault } from '../../../../kit/fault.ts';
import { err, ok, type Outcome } from '../../../../kit/outcome.ts';
import type { Migration, PlanStep } from '../../../contract/model.ts';
import type { Bundle, Session } from '../../../contract/ports.ts';
import { toolTitles, type Tool } from '../../../contract/tool.ts';
import { findForeignHistories } from './find-foreign.ts';
import { strangersFinding, unsettledFinding } from './foreign-findings.ts';
import { matchEntries, type ForeignClaim } from './match-entries.ts';

/**
 * What another tool says is applied, for `adopt --from`.
 *
 * @param from a tool; the qualified name of its table; or `auto`: the one whose migrations are in the folder
 */
async function chooseClaim(
  session: Session,
  migrations: readonly Migration[],
  from: string,
): Promise<Outcome<ForeignClaim>> {
  const found = await findForeignHistories(session);
  if (!found.ok) return found;
  const asked = found.value.filter(({ tool, table }) => from === 'auto' || from === tool || from === table);
  if (asked.length === 0) return err(absent(from, found.value));
  const claims = asked
    .map((history) => matchEntries(history, migrations))
    .toSorted((one, other) => other.claimed.size - one.claimed.size);
  const [first, second] = claims;
  if (first === undefined) return err(absent(from, found.value));
  if (second !== undefined && second.claimed.size === first.claimed.size)
    return err(
      fault('foreign-absent', {
        why: `Several tables could be meant: ${claims.map(({ history }) => history.table).join(', ')}.`,
        fix: `Name one: \`--from ${first.history.table}\`.`,
      }),
    );
  const { history } = first;
  if (history.unreadable !== '')
    return err(
      fault('foreign-absent', {
        why: `Table ${history.table} of ${toolTitles[history.tool]} cannot be read: ${history.unreadable}.`,
        fix: `Grant the role SELECT on ${history.table}.`,
      }),
    );
  if (history.unsettled.length > 0) return err(unsettledFinding(history));
  const strangers = strangersFinding(first);
  return strangers?.severity === 'error' ? err(strangers) : ok(first);
}

/** What another tool says is applied; undefined: no tool is asked. */
export async function claimOf(
  session: Session,
  { folder, migrations }: Bundle,
  from: string | undefined,
): Promise<Outcome<ForeignClaim | undefined>> {
  return from === undefined ? ok(undefined) : await chooseClaim(session, folder ?? migrations, from);
}

/** True: there is nothing to adopt any more. */
export function isAllRecorded(claim: ForeignClaim | undefined, steps: readonly PlanStep[]): boolean {
  return steps.every(({ id }) => claim !== undefined && !claim.claimed.has(id));
}

function absent(from: string, found: readonly { readonly tool: Tool; readonly table: string }[]) {
  const there = found.map(({ tool, table }) => `${table} (${toolTitles[tool]})`).join(', ');
  const what = from === 'auto' ? 'the history of a tool that godwit knows' : `the history of ${from}`;
  return fault('foreign-absent', {
    why: `No table of the database is ${what}.${there === '' ? '' : ` There is: ${there}.`}`,
  });
}
