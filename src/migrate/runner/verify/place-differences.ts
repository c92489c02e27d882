import { driftingKind } from '../../contract/check-kind.ts';
import type { HistoryRow } from '../../contract/history-rows.ts';
import type { Check, Migration } from '../../contract/model.ts';
import type { Bundle } from '../../contract/ports.ts';
import { naming } from './naming.ts';

/** Statements that change rows name columns without changing them. */
const rowTags: ReadonlySet<string> = new Set(['INSERT', 'UPDATE', 'DELETE', 'MERGE', 'COPY', 'TRUNCATE TABLE']);

/** Statements that create something from columns also name them. */
const usingTags: ReadonlySet<string> = new Set([
  'CREATE VIEW',
  'CREATE MATERIALIZED VIEW',
  'CREATE INDEX',
  'CREATE FUNCTION',
  'CREATE PROCEDURE',
  'CREATE TRIGGER',
  'CREATE POLICY',
  'CREATE RULE',
  'CREATE STATISTICS',
]);

/** Longer statements contain rows rather than definitions. */
const longestStatement = 64 * 1024;

/**
 * Adds the line to each difference if the file is available as it was applied: that of its last statement that names
 * both the object and its home, or else one of the two.
 */
export async function placeDifferences(
  bundle: Bundle,
  rows: readonly HistoryRow[],
  checks: readonly Check[],
): Promise<readonly Check[]> {
  const applied = new Map(rows.map(({ id, checksum }) => [id, checksum]));
  const wanted = new Set(checks.flatMap(({ ok, migration }) => (ok ? [] : [migration])));
  const files = bundle.migrations.filter(({ id, up }) => wanted.has(id) && applied.get(id) === up.checksum);
  const read = await Promise.all(
    files.map(async (migration) => [migration.id, await textsOf(bundle, migration)] as const),
  );
  const texts = new Map(read);
  // A squashed file may have the version of one that it replaces, whose file is then not available.
  const squashed = new Map(files.flatMap(({ id, up, replaces }) => (replaces === undefined ? [] : [[id, up.file]])));
  return checks.map((check) => {
    const instead = squashed.get(check.migration) ?? check.where.file;
    const line = check.ok || instead !== check.where.file ? undefined : lineOf(texts.get(check.migration) ?? [], check);
    return line === undefined ? check : { ...check, where: { ...check.where, line } };
  });
}

interface Text {
  readonly line: number;
  readonly tag: string;
  readonly sql: string;
}

function lineOf(texts: readonly Text[], { kind, object }: Pick<Check, 'kind' | 'object'>): number | undefined {
  const isColumn = driftingKind(kind) === 'column';
  const stating = isColumn ? texts.filter(({ tag }) => !usingTags.has(tag)) : texts;
  for (const isNamed of naming(object, isColumn)) {
    const found = stating.findLast(({ sql }) => isNamed(sql)) ?? texts.findLast(({ sql }) => isNamed(sql));
    if (found !== undefined) return found.line;
  }
  return undefined;
}

async function textsOf(bundle: Bundle, migration: Migration): Promise<readonly Text[]> {
  const analysis = await bundle.analysis(migration, 'up');
  if (!analysis.ok) return [];
  const body = await bundle.body(migration, 'up');
  const decoder = new TextDecoder();
  const short = analysis.value.statements.filter(
    ({ head, end, tag }) => end - head <= longestStatement && !rowTags.has(tag),
  );
  return Promise.all(
    short.map(async ({ head, end, line, tag }) => ({ line, tag, sql: decoder.decode(await body.read(head, end)) })),
  );
}
