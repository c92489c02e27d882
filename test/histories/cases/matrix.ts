import type { Client } from 'pg';
import type { Migration } from '../history.ts';

/**
 * Statements that are each a migration of a second run, on a copy of their own of what the base makes in the first one:
 * each copy is a schema. `annex` and `public` in the texts stand for the copy's own.
 */
export interface Matrix {
  readonly name: string;
  /** Statements of the first run, each ended by a line that ends with a semicolon. */
  readonly base: string;
  /** A line is a migration; ` ;; ` stands between its statements. */
  readonly lines: string;
}

/** The copies as runs of migrations, without the lines that this server does not know. */
export async function runsOf(matrix: Matrix, client: Client): Promise<readonly (readonly Migration[])[]> {
  const lines = matrix.lines.split('\n').filter((line) => line.trim() !== '');
  const bases: Migration[] = [];
  const known: Migration[] = [];
  for (const [index, line] of lines.entries()) {
    const base = { id: String(index + 1), statements: copied(matrix.base.split(/;\n/), index, true) };
    const migration = { id: String(1000 + index), statements: copied(line.split(' ;; '), index, false) };
    await run(client, base);
    if (!(await run(client, migration))) continue;
    bases.push(base);
    known.push(migration);
  }
  return [bases, known];
}

function copied(statements: readonly string[], index: number, first: boolean): readonly string[] {
  const own = statements
    .map((sql) =>
      sql
        .trim()
        .replaceAll(/\bannex\b/g, `annex_${index}`)
        .replaceAll(/\bpublic\b/g, `copy_${index}`),
    )
    .filter((sql) => sql !== '');
  return [...(first ? [`CREATE SCHEMA copy_${index}`] : []), `SET search_path = copy_${index}`, ...own];
}

async function run(client: Client, { statements }: Migration): Promise<boolean> {
  try {
    for (const sql of statements) await client.query(sql);
    return true;
  } catch (error) {
    if ((error as { code?: string }).code === undefined) throw error;
    return false;
  } finally {
    await client.query('DISCARD ALL');
  }
}
