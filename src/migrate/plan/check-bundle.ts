import type { Finding } from '../../kit/finding.ts';
import { isKept } from '../contract/kept-down.ts';
import type { Migration, Role } from '../contract/model.ts';
import type { Bundle } from '../contract/ports.ts';
import { judgeEmpty } from './judge-empty.ts';
import { notKept } from './make-plan.ts';

/** What the texts of migrations show without a database. */
export interface CheckedMigrations {
  readonly migrations: number;
  /** Number of their statements, folded ones counted; companions are not counted. */
  readonly statements: number;
  readonly findings: readonly Finding[];
}

/** Checks migrations with their companions. The history is not known, so each counts as pending. */
export async function checkMigrations(bundle: Bundle, migrations: readonly Migration[]): Promise<CheckedMigrations> {
  const findings: Finding[] = [];
  let statements = 0;
  for (const migration of migrations) {
    for (const role of ['up', 'down', 'verify'] as const) {
      if (migration[role] === undefined) continue;
      const checked = await checkScript(bundle, migration, role);
      findings.push(...checked.findings);
      if (role === 'up') statements += checked.statements;
    }
  }
  return { migrations: migrations.length, statements, findings };
}

async function checkScript(
  bundle: Bundle,
  migration: Migration,
  role: Role,
): Promise<Pick<CheckedMigrations, 'statements' | 'findings'>> {
  const analysis = await bundle.analysis(migration, role);
  if (!analysis.ok) return { statements: 0, findings: analysis.findings };
  const { statements, findings } = analysis.value;
  if (statements.length === 0 && role !== 'verify') {
    const empty = await judgeEmpty(bundle, migration, role);
    return { statements: 0, findings: [...findings, asWarning(empty, role)] };
  }
  const { down } = migration;
  return {
    statements: statements.reduce((sum, { count }) => sum + count, 0),
    findings: role === 'down' && down !== undefined && !isKept(down) ? [...findings, notKept(down)] : findings,
  };
}

/** `up` needs no down file, and accepts an applied file that contains only comments. */
function asWarning(empty: Finding, role: Role): Finding {
  if (empty.severity === 'warning') return empty;
  if (role === 'down') return { ...empty, severity: 'warning' };
  const fix = 'If it is not applied yet, write its statements, or delete the file and its companions.';
  return { ...empty, severity: 'warning', title: 'A migration contains no statements', fix };
}
