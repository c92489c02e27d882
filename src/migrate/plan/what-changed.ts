import { fault } from '../../kit/fault.ts';
import type { FaultCode } from '../../kit/catalogue/index.ts';
import type { Finding } from '../../kit/finding.ts';
import type { History } from '../contract/history.ts';
import { describeGroup, timedGroups } from '../read/statement-groups.ts';
import type { Analysis, Migration } from '../contract/model.ts';
import type { Bundle } from '../contract/ports.ts';
import { inEffect, type InEffect } from './in-effect.ts';
import {
  compare,
  findingsOf,
  isOther,
  type Comparison,
  type ComparisonOptions,
  type ChangedMigration,
} from './compare.ts';

/** A statement, or a group of statements, as stored in the history. */
interface RecordedStatement {
  readonly tag: string;
  readonly count: number;
  readonly hash: string;
}

/** Says whether the statements of a row of the history are those with these hashes, and nothing else about them. */
type IsSame = (hashes: readonly string[]) => boolean;

/**
 * Reads the statements of one row of the history, in their order; empty if none were executed. Undefined: not known.
 */
export type ReadStatements = (seq: number) => Promise<readonly RecordedStatement[] | IsSame | undefined>;

/** The part of a bundle that is compared. */
export type ComparedBundle = Pick<Bundle, 'layout' | 'set' | 'migrations' | 'analysis' | 'folder'>;

/** A comparison, and its findings. */
export interface Judged {
  readonly comparison: Comparison;
  readonly findings: readonly Finding[];
  /** Squashed migrations that are only recorded, and how many applied ones each replaces. */
  readonly standsFor: ReadonlyMap<Migration, number>;
}

/** Compares the folder with the history: by checksums, and where these differ, by statements. */
export async function compareByStatements(
  bundle: ComparedBundle,
  history: History,
  options: ComparisonOptions & { readonly recorded: ReadStatements },
): Promise<Judged> {
  const effect = inEffect(bundle.folder ?? bundle.migrations, history);
  const bySums = withoutLate(
    compare({ ...bundle, migrations: effect.migrations }, { ...history, rows: effect.rows }),
    effect,
  );
  const findings = [
    ...effect.findings,
    ...(await explained(findingsOf(bySums, options), bySums, bundle, options.recorded)),
    ...(await changedBefore(effect, bundle, history, options)),
  ];
  const standsFor = new Map([...effect.recordable].map(([migration, rows]) => [migration, rows.length]));
  return { comparison: inPlace(byStatements(bySums, findings, effect.migrations), effect), findings, standsFor };
}

/** A squashed migration that is only recorded is never late. */
function withoutLate(comparison: Comparison, { recordable }: InEffect): Comparison {
  return { ...comparison, late: comparison.late.filter((migration) => !recordable.has(migration)) };
}

/** A recorded squashed migration takes the place where the replaced ones were applied. */
function inPlace(comparison: Comparison, { places }: InEffect): Comparison {
  if (places.size === 0) return comparison;
  const place = ({ row }: ChangedMigration): number => places.get(row.seq) ?? row.seq;
  return { ...comparison, places, applied: [...comparison.applied].sort((a, b) => place(a) - place(b)) };
}

/** What was changed in replaced files, when their results are about to be recorded as those of the squashed one. */
async function changedBefore(
  { replaced }: InEffect,
  bundle: ComparedBundle,
  history: History,
  options: ComparisonOptions & { readonly recorded: ReadStatements },
): Promise<readonly Finding[]> {
  const comparison = compare({ ...bundle, migrations: replaced.migrations }, { ...history, rows: replaced.rows });
  const changed = { ...comparison, missing: [], ahead: [], late: [], renamed: [] };
  const findings = await explained(findingsOf(changed, options), changed, bundle, options.recorded);
  return findings.filter(({ code }) => code === 'migration-changed');
}

/** The findings of a comparison, those about changed migrations with what was changed. */
async function explained(
  findings: readonly Finding[],
  comparison: Comparison,
  bundle: Pick<Bundle, 'analysis'>,
  recorded: ReadStatements,
): Promise<readonly Finding[]> {
  return Promise.all(
    findings.map(async (finding) => {
      const changed = comparison.changed.find(({ migration }) => migration.up.file === finding.where?.file);
      if (finding.code !== 'migration-changed' || changed === undefined || isOther(changed)) return finding;
      return whatChanged(finding, changed, bundle, recorded);
    }),
  );
}

/**
 * The comparison by statements in place of checksums. Migrations with changes only in comments or white space count as
 * applied; those that were recorded without a statement and have some now are pending.
 *
 * @param findings what `explained` says of it
 * @param migrations the folder, in its order
 */
function byStatements(
  comparison: Comparison,
  findings: readonly Finding[],
  migrations: readonly Migration[],
): Comparison {
  const codes = new Map(findings.map(({ code, where }) => [where?.file, code]));
  const changedAs = (code: FaultCode): Comparison['changed'] =>
    comparison.changed.filter(({ migration }) => codes.get(migration.up.file) === code);
  const same = changedAs('migration-reformatted');
  const filled = new Set(changedAs('migration-filled').map(({ migration }) => migration));
  const pending = new Set([...comparison.pending, ...filled]);
  return {
    ...comparison,
    applied: [...comparison.applied, ...same].sort((a, b) => a.row.seq - b.row.seq),
    pending: migrations.filter((migration) => pending.has(migration)),
    changed: comparison.changed.filter((one) => !same.includes(one) && !filled.has(one.migration)),
  };
}

/**
 * Reports what differs in a migration that was changed after it was applied, by the hashes of its statements. If only
 * comments or white space differ, nothing would run differently, so it is a warning. A migration that was applied
 * without any statement has changed nothing, so statements may be added to it.
 *
 * @param finding the finding by checksum alone
 */
async function whatChanged(
  finding: Finding,
  changed: ChangedMigration,
  bundle: Pick<Bundle, 'analysis'>,
  recorded: ReadStatements,
): Promise<Finding> {
  const [before, analysis] = await Promise.all([recorded(changed.row.seq), bundle.analysis(changed.migration, 'up')]);
  if (before === undefined || !analysis.ok) return finding;
  const now = groupsOf(analysis.value);
  const where = { file: changed.migration.up.file };
  const { at, by, kind } = changed.row;
  const same = fault('migration-reformatted', {
    where,
    why: `The migration was applied on ${at}; its statements are still the same.`,
  });
  if (typeof before === 'function') return before(now.map(({ hash }) => hash)) ? same : finding;
  // A migration that was recorded without being executed did have statements.
  if (before.length === 0 && kind !== 'applied') return finding;
  if (before.length === 0 && now.length > 0)
    return fault('migration-filled', {
      where,
      why: `The migration was recorded on ${at} by ${by}, when its file contained no statements.`,
    });
  const difference = firstDifference(before, now);
  if (difference === undefined) return same;
  const { text, line } = difference;
  return {
    ...finding,
    why: `The migration was applied on ${at} by ${by}; since then ${text}.`,
    where: { ...where, ...(line === undefined ? {} : { line, column: 1 }) },
  };
}

interface StatementGroup extends RecordedStatement {
  readonly line: number;
}

function groupsOf(analysis: Analysis): readonly StatementGroup[] {
  return analysis.segments.flatMap((segment) =>
    timedGroups(segment).map((group) => describeGroup(analysis.statements, group)),
  );
}

function firstDifference(
  before: readonly RecordedStatement[],
  now: readonly StatementGroup[],
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
