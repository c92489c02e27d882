import { fault } from '../../../kit/fault.ts';
import type { Finding, Place } from '../../../kit/finding.ts';
import { err, ok, type Outcome } from '../../../kit/outcome.ts';
import { findObjects } from '../adopt/find-objects.ts';
import { differencesAt, type AdoptionDifference, type FoundObject } from '../adopt/judge.ts';
import { keyOfName } from '../../contract/catalogue-object.ts';
import { stateAt, type Rehearsed, type SameWord } from '../../contract/rehearsed.ts';
import { describeDifference } from '../adopt/describe-difference.ts';
import type { HistoryRow } from '../../contract/history-rows.ts';
import type { Migration } from '../../contract/model.ts';
import type { Session } from '../../contract/ports.ts';
import { asReplacedLeft, type Left } from './left.ts';
import { missingRows } from './missing-rows.ts';
import { unknownRows } from './unknown-rows.ts';
import type { Recordable, ProofOptions } from './recordable.ts';

/** How far it is proven. */
export interface Proof {
  /** Errors prevent the record; warnings are reported. */
  readonly findings: readonly Finding[];
  /** Texts that may mean the same. */
  readonly doubtful: readonly SameWord[];
}

const mostDifferences = 200;

/**
 * Proves that squashed migrations make the same as those that they replace: the rehearsal, in which they take the place
 * of these, ends with the definitions of the baseline, and each statement that changes rows is one that was executed.
 */
export async function proveSquashed(
  session: Session,
  recordable: readonly Recordable[],
  options: ProofOptions,
): Promise<Outcome<Proof>> {
  const { rehearsed } = options.bundle;
  if (rehearsed === undefined) return err(notRehearsed(recordable));
  if (rehearsed.major !== options.major) {
    const why = `The rehearsal ran on PostgreSQL ${rehearsed.major}, but the database is on ${options.major}.`;
    return err(fault('squash-not-rehearsed', { why, fix: 'Run the command again.' }));
  }
  const { stopped } = rehearsed;
  if (stopped !== undefined) return err(stoppedAt(stopped.finding));
  const found = await findObjects(session, rehearsed, options.installed);
  if (!found.ok) return found;
  const left = await asReplacedLeft(session, found.value, recordable, options);
  if (!left.ok) return left;
  const differences = compared(rehearsed, left.value.found);
  const findings: Finding[] = differences
    .filter(({ weight }) => weight !== 'note')
    .map((one) => differs(one, rehearsed, recordable));
  findings.push(...missing(rehearsed, left.value, recordable));
  for (const one of recordable) findings.push(...(await unknownRows(session, one, options)));
  const { rows: counted } = rehearsed;
  const asked = options.ownWords && counted !== undefined;
  const rows = asked ? await missingRows(session, recordable, counted, options.named) : ok([]);
  if (!rows.ok) return rows;
  findings.push(...rows.value);
  return ok({
    findings: findings.slice(0, mostDifferences),
    doubtful: differences.flatMap(({ object, weight, expected, found: is }) =>
      weight === 'spelling' ? [{ kind: object.kind, name: object.name, expected, found: is }] : [],
    ),
  });
}

/** The finding if they have not been rehearsed. */
export function notRehearsed(recordable: readonly Recordable[]): Finding {
  const [first] = recordable;
  return fault('squash-not-rehearsed', first === undefined ? {} : { where: { file: first.migration.up.file } });
}

function stoppedAt({ why, where }: Finding): Finding {
  return fault('squash-not-rehearsed', {
    why: `On a throwaway server: ${why}`,
    fix: 'Correct the file: it would fail in a new database too.',
    ...(where === undefined ? {} : { where }),
  });
}

function compared(rehearsed: Rehearsed, found: ReadonlyMap<string, FoundObject>): readonly AdoptionDifference[] {
  const all = { objects: rehearsed.objects, found, asked: () => true };
  return differencesAt(rehearsed, all, rehearsed.steps.length - 1);
}

/**
 * The finding for a difference, with the file that made the object in the rehearsal; if the object is missing there,
 * the squashed file.
 */
function differs(one: AdoptionDifference, rehearsed: Rehearsed, recordable: readonly Recordable[]): Finding {
  const file = rehearsed.steps[one.step]?.file ?? recordable[0]?.migration.up.file ?? '';
  const { object, expected, found } = one;
  const why = describeDifference(`${object.kind} ${object.name}`, {
    first: ['the file makes', expected],
    second: ['the replaced ones left', found],
  });
  return fault('squash-differs', { where: { file }, why });
}

/** What replaced migrations made and the squashed one does not. */
function missing(rehearsed: Rehearsed, left: Left, recordable: readonly Recordable[]): readonly Finding[] {
  const last = rehearsed.steps.length - 1;
  const made = new Set(
    rehearsed.objects.flatMap((object) => {
      const words = stateAt(object, last)?.words;
      return words === undefined || words === null ? [] : [keyOfName(object)];
    }),
  );
  const absent = left.made.filter((object) => !made.has(keyOfName(object)));
  // What is absent with its table is told with it.
  const homes = new Set(absent.filter(({ isHome }) => isHome).map(({ home }) => home));
  return absent
    .filter(({ isHome, home }) => isHome || !homes.has(home))
    .map(({ kind, name, seq }) => {
      const row = recordable.flatMap(({ rows }) => rows).find((one) => one.seq === seq);
      const where: Place = { file: ownerOf(row, recordable)?.up.file ?? '' };
      const why = `${kind} ${name}: ${row?.file ?? 'a replaced migration'} made it, but the squashed file does not.`;
      return fault('squash-differs', { where, why });
    });
}

function ownerOf(row: HistoryRow | undefined, recordable: readonly Recordable[]): Migration | undefined {
  return (recordable.find(({ rows }) => row !== undefined && rows.includes(row)) ?? recordable[0])?.migration;
}
