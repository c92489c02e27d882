import type { TestDatabase } from '../support/database.ts';

/** The history of a database as `kind id`, in its order. */
export async function historyOf(database: TestDatabase): Promise<readonly string[]> {
  const rows = await database.query<{ row: string }>(
    "select kind || ' ' || id as row from godwit.migration order by seq",
  );
  return rows.map(({ row }) => row);
}

/** Codes of the findings of a run. */
export function codesOf(json: readonly { readonly kind: string }[]): readonly string[] {
  return json.flatMap((event) =>
    event.kind === 'finding' ? [(event as unknown as { finding: { code: string } }).finding.code] : [],
  );
}
