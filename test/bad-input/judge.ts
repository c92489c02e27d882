import { expect } from 'vitest';
import type { Finding } from '../../src/kit/finding.ts';
import type { TestDatabase } from '../support/database.ts';
import type { TestProject } from '../support/project.ts';

/** What a command said of bad input, to people and to programs alike. */
export interface Verdict {
  readonly exitCode: number;
  readonly findings: readonly Finding[];
  /** `code file:line:column` of each finding, as far as there is a place. */
  readonly told: readonly string[];
  /** Everything that was printed. */
  readonly text: string;
}

/** The longest that any bad input may take, in milliseconds. */
const patience = 10_000;

/**
 * Runs a command twice, for programs and for people, and holds both to what every answer to bad input owes: the same
 * exit code and codes, a fix for each finding, no stack trace, no bug, an end within ten seconds.
 */
export async function judge(project: TestProject, ...argv: readonly string[]): Promise<Verdict> {
  const begun = performance.now();
  const told = await project.run(...argv, '--json');
  const middle = performance.now();
  const shown = await project.run(...argv);
  const slowest = Math.max(middle - begun, performance.now() - middle);
  const text = told.out + told.err + shown.out + shown.err;
  expect(slowest, `${argv.join(' ')} takes too long`).toBeLessThan(patience);
  expect(text).not.toMatch(/\n\s+at (?:\S+ \(|file:|async |\/|node:)/);
  expect(told.err).toBe('');
  expect(shown.exitCode, text).toBe(told.exitCode);

  const findings = findingsOf(told.json);
  expect(told.json.at(-1)?.['exitCode'], told.out).toBe(told.exitCode);
  for (const { code, title, why, fix } of findings) {
    expect([title, why, fix], code).not.toContain('');
    expect(code, why).not.toBe('bug');
    if (told.exitCode !== 0) expect(shown.err, text).toContain(`[${code}]`);
  }
  return { exitCode: told.exitCode, findings, told: findings.map(oneLine), text };
}

/** Findings of a document, or of a stream of events. */
export function findingsOf(json: readonly Readonly<Record<string, unknown>>[]): readonly Finding[] {
  return json.flatMap((line) => {
    if (line['kind'] === 'finding') return [line['finding'] as Finding];
    return Array.isArray(line['findings']) ? (line['findings'] as Finding[]) : [];
  });
}

function oneLine({ code, where }: Finding): string {
  if (where === undefined) return code;
  const place = [where.file, where.line, where.column].filter((part) => part !== undefined);
  return `${code} ${place.join(':')}`;
}

/** What the database holds that an empty one does not: schemas, tables, views, sequences, functions. */
export async function leftIn(database: TestDatabase): Promise<readonly string[]> {
  const rows = await database.query<{ name: string }>(
    `select nspname as name from pg_namespace where nspname !~ '^(pg_|information_schema$|public$)'
     union all select oid::regclass::text from pg_class where relnamespace = 'public'::regnamespace
     union all select oid::regprocedure::text from pg_proc where pronamespace = 'public'::regnamespace`,
  );
  return rows.map((row) => row.name);
}
