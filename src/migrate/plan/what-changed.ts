import { fault } from '../../kit/fault.ts';
import type { Finding } from '../../kit/finding.ts';
import { describeGroup, timedGroups } from '../apply/message.ts';
import type { Analysis } from '../model.ts';
import type { Bundle } from '../ports.ts';
import type { Comparison } from './compare.ts';

/** A statement, or a group of them, as the history has kept it. */
interface RecordedStatement {
  readonly tag: string;
  readonly count: number;
  readonly hash: string;
}

/** Reads the statements of one row of the history, in their order; empty where none were executed. */
export type ReadStatements = (seq: number) => Promise<readonly RecordedStatement[]>;

type Changed = Comparison['changed'][number];

/** The findings of a comparison, those of changed migrations with what was changed in them. */
export async function explained(
  findings: readonly Finding[],
  comparison: Comparison,
  bundle: Bundle,
  recorded: ReadStatements,
): Promise<readonly Finding[]> {
  return Promise.all(
    findings.map(async (finding) => {
      const changed = comparison.changed.find(({ migration }) => migration.up.file === finding.where?.file);
      if (finding.code !== 'migration-changed' || changed === undefined) return finding;
      return whatChanged(finding, changed, bundle, recorded);
    }),
  );
}

/**
 * Says what differs in a migration that was changed after it was applied, by the hashes of its statements. When only
 * comments or white space differ, nothing would run differently: then it is a warning.
 *
 * @param finding the finding by checksum alone
 */
async function whatChanged(
  finding: Finding,
  changed: Changed,
  bundle: Bundle,
  recorded: ReadStatements,
): Promise<Finding> {
  const [before, analysis] = await Promise.all([recorded(changed.row.seq), bundle.analysis(changed.migration, 'up')]);
  if (before.length === 0 || !analysis.ok) return finding;
  const now = groupsOf(analysis.value);
  const difference = firstDifference(before, now);
  if (difference === undefined)
    return fault('migration-reformatted', {
      where: { file: changed.migration.up.file },
      why: `It was applied on ${changed.row.at}; its statements are still the same.`,
    });
  const { text, line } = difference;
  return {
    ...finding,
    why: `It was applied on ${changed.row.at} by ${changed.row.by}; since then ${text}.`,
    where: { file: changed.migration.up.file, ...(line === undefined ? {} : { line, column: 1 }) },
  };
}

interface Group extends RecordedStatement {
  readonly line: number;
}

function groupsOf(analysis: Analysis): readonly Group[] {
  return analysis.segments.flatMap((segment) =>
    timedGroups(segment).map((group) => describeGroup(analysis.statements, group)),
  );
}

function firstDifference(
  before: readonly RecordedStatement[],
  now: readonly Group[],
): { readonly text: string; readonly line?: number } | undefined {
  const same = (a: RecordedStatement | undefined, b: RecordedStatement | undefined): boolean => a?.hash === b?.hash;
  let first = 0;
  while (first < before.length && first < now.length && same(before[first], now[first])) first += 1;
  let last = 0;
  while (
    last < before.length - first &&
    last < now.length - first &&
    same(before[before.length - 1 - last], now[now.length - 1 - last])
  )
    last += 1;
  const removed = before.length - first - last;
  const added = now.length - first - last;
  if (removed === 0 && added === 0) return undefined;
  const line = now[first]?.line;
  const at = line === undefined ? {} : { line };
  const tag = (now[first] ?? before[first])?.tag ?? '';
  const nth = `statement ${first + 1} (${(removed > 0 ? before[first]?.tag : tag) ?? tag})`;
  if (removed === 1 && added === 1) return { text: `${nth} was changed`, ...at };
  if (removed === 0) return { text: `${countOf(added)} added as ${nth}`, ...at };
  if (added === 0) return { text: `${countOf(removed)} removed, beginning with ${nth}` };
  return { text: `from ${nth} on, ${countOf(removed)} replaced by ${added}`, ...at };
}

function countOf(count: number): string {
  return count === 1 ? '1 statement was' : `${count} statements were`;
}
