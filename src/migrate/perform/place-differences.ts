import type { HistoryRow } from '../history/rows.ts';
import type { Check, Migration } from '../model.ts';
import type { Bundle } from '../ports.ts';
import { naming } from '../verify/naming.ts';

/** What changes rows names columns without changing them. */
const rowTags: ReadonlySet<string> = new Set(['INSERT', 'UPDATE', 'DELETE', 'MERGE', 'COPY', 'TRUNCATE TABLE']);

/** Longer ones are rows rather than definitions. */
const longestStatement = 64 * 1024;

/**
 * Adds the line to each difference where the file is at hand as it was applied: that of its last statement that names the
 * object, or else what the object is a part of.
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
  return checks.map((check) => {
    const line = check.ok ? undefined : lineOf(texts.get(check.migration) ?? [], check.object);
    return line === undefined ? check : { ...check, where: { ...check.where, line } };
  });
}

interface Text {
  readonly line: number;
  readonly sql: string;
}

function lineOf(texts: readonly Text[], object: string): number | undefined {
  for (const isNamed of naming(object)) {
    const found = texts.findLast(({ sql }) => isNamed(sql));
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
    short.map(async ({ head, end, line }) => ({ line, sql: decoder.decode(await body.read(head, end)) })),
  );
}
