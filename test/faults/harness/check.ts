import type { Attempt } from './attempt.ts';
import type { DatabaseState, Records } from './database-state.ts';

/** Codes with which a run that was disturbed may end when the truth is as it says. */
const honest: ReadonlySet<number> = new Set([0, 20, 30, 40, 41, 42, 130]);

/**
 * Holds the exit code of one attempt against the database as it is after it: 0 only if everything is done; 30 and 10
 * only if this run changed nothing; 41 only if something stands in part; never a bug, never a failed verification.
 *
 * @returns what is untrue, in words
 */
export function judgeAttempt(attempt: Attempt, after: Records, wanted: Records): readonly string[] {
  const { exitCode, run } = attempt;
  if (exitCode === 'killed') return [];
  if (exitCode === 'hung') return ['the runner did not end'];
  const wrong: string[] = [];
  const codes = attempt.events.flatMap((event) => (event.kind === 'finding' ? [event.finding.code] : []));
  const told = `exit ${exitCode} (${codes.join(', ')})`;
  if (!attempt.coherent) wrong.push(`${told}: its events do not close with what it ended with`);
  const recorded = after.recordedBy[run] ?? 0;
  const all = same(after.applied, wanted.applied);
  if (!honest.has(exitCode)) wrong.push(`${told}: not a code that this fault allows`);
  if (exitCode === 0 && !all) wrong.push(`${told}, but only ${after.applied.length} migrations are applied`);
  if (exitCode === 0 && after.partial.length > 0) wrong.push(`${told}, but ${after.partial.join(', ')} stands in part`);
  if (exitCode === 30 && recorded > 0) wrong.push(`${told}, but this run has applied ${recorded} migrations`);
  if (exitCode === 20 && recorded > 0 && !codes.includes('taken-over'))
    wrong.push(`${told}, but it has changed things`);
  if (exitCode === 40 && (all || after.partial.length > 0)) wrong.push(`${told}, but no migration was rolled back`);
  if (exitCode === 41 && after.partial.length === 0) wrong.push(`${told}, but nothing stands in part`);
  const row = after.runs.find((one) => one.run === run);
  if (row !== undefined && row.exitCode !== null && row.exitCode !== exitCode)
    wrong.push(`${told}, but its row says ${row.outcome} ${row.exitCode}`);
  return wrong;
}

/** Holds what is there after recovery against a run without faults. */
export function judgeState(found: DatabaseState, wanted: DatabaseState): readonly string[] {
  const wrong: string[] = [];
  const compare = (what: string, a: readonly string[], b: readonly string[]): void => {
    if (!same(a, b)) wrong.push(`${what}: ${difference(a, b)}`);
  };
  compare('ledger', found.ledger, wanted.ledger);
  compare('catalogue', found.catalogue, wanted.catalogue);
  compare('rows', found.rows, wanted.rows);
  compare('history', found.records.applied, wanted.records.applied);
  compare('statements', found.records.statements, wanted.records.statements);
  compare('standing in part', found.records.partial, []);
  for (const { run, outcome } of found.records.runs)
    if (outcome === 'running') wrong.push(`run ${run} is recorded as running`);
  return wrong;
}

function same(a: readonly string[], b: readonly string[]): boolean {
  return a.length === b.length && a.every((value, index) => value === b[index]);
}

/** What is too much and what is missing, or else out of order. */
function difference(found: readonly string[], wanted: readonly string[]): string {
  const left = [...wanted];
  const extra = found.filter((line) => {
    const at = left.indexOf(line);
    if (at !== -1) left.splice(at, 1);
    return at === -1;
  });
  if (extra.length === 0 && left.length === 0) return 'another order';
  return [...extra.map((line) => `+ ${line}`), ...left.map((line) => `- ${line}`)].join('; ');
}
