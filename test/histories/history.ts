/** One file: its statements, without semicolons. */
export interface Migration {
  readonly id: string;
  readonly statements: readonly string[];
}

/** DDL of another session, beside a run (counted from 1): after it, or while it works. */
export interface Foreign {
  readonly run: number;
  readonly when: 'during' | 'after';
  readonly sql: string;
  /** Milliseconds to wait before it, during a run. */
  readonly pauseMs: number;
}

/** Files of migrations in runs, what others do beside them, and damages to be tried afterwards. Plain data. */
export interface History {
  readonly seed: number;
  readonly major: number;
  readonly runs: readonly (readonly Migration[])[];
  readonly foreign: readonly Foreign[];
  readonly damages: readonly string[];
}

/** The file of a migration; each statement on lines of its own. */
export function fileOf({ id, statements }: Migration): { readonly name: string; readonly text: string } {
  return { name: `${id.padStart(4, '0')}_step.sql`, text: `${statements.join(';\n')};\n` };
}

/** The statement of a file that stands on this line. */
export function statementAt({ statements }: Migration, line: number): string {
  let first = 1;
  for (const sql of statements) {
    first += sql.split('\n').length;
    if (line < first) return sql;
  }
  return '';
}
