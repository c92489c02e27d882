import type { Attempt } from './attempt.ts';
import type { DatabaseState, Records } from './database-state.ts';

/**
 * What can be wrong after a case. `lost`, `duplicated`: effects of statements; `schema`: objects or rows are not as
 * after a run without faults, or an index is invalid; `unrecorded`: history or audit do not say what happened;
 * `untruthful`: an exit code; `human`: `up` again did not do; `left`: a session or a lock stayed.
 */
export type Flaw = 'lost' | 'duplicated' | 'schema' | 'unrecorded' | 'untruthful' | 'human' | 'left';

/** One thing that is wrong, in words. */
export interface Wrong {
  readonly flaw: Flaw;
  readonly why: string;
}

/**
 * Codes with which a run that was disturbed may end when the truth is as it says. No statement of the set fails by
 * itself: 40 would blame one for what was done to the connection.
 */
const honest: ReadonlySet<number> = new Set([0, 20, 30, 41, 42]);

/**
 * Holds the exit code of one attempt against the records as they are after it: 0 only if everything is done; 30 only if
 * this run changed nothing; 41 only if something stands in part; never a failed statement, a bug, a failed
 * verification, a refusal.
 *
 * @param others true: another attempt was under way, so that what is there need not be this one's doing
 */
export function judgeAttempt(
  attempt: Attempt,
  after: Records,
  wanted: Records,
  others: boolean = false,
): readonly Wrong[] {
  const { exitCode, run } = attempt;
  if (exitCode === 'killed') return [];
  if (exitCode === 'hung') return [{ flaw: 'human', why: 'the runner did not end' }];
  const findings = attempt.events.flatMap((event) => (event.kind === 'finding' ? [event.finding] : []));
  const codes = findings.map(({ code }) => code);
  const lies: string[] = [];
  const recorded = after.recordedBy[run] ?? 0;
  const all = same(after.applied, wanted.applied);
  if (!attempt.coherent) lies.push('its events do not close with what it ended with');
  if (!honest.has(exitCode)) lies.push('not a code that this fault allows');
  if (exitCode === 0 && !all) lies.push(`only ${after.applied.length} migrations are applied`);
  if (exitCode === 0 && after.partial.length > 0) lies.push(`${after.partial.join(', ')} stands in part`);
  if (exitCode === 30 && recorded > 0) lies.push(`this run has applied ${recorded} migrations`);
  if (exitCode === 20 && recorded > 0 && !codes.includes('taken-over')) lies.push('it has changed things');
  if (exitCode === 41 && !others && after.partial.length === 0) lies.push('nothing stands in part');
  const row = after.runs.find((one) => one.run === run);
  if (row !== undefined && row.exitCode !== null && row.exitCode !== exitCode)
    lies.push(`its row says ${row.outcome} ${row.exitCode}`);
  return lies.map((lie) => ({
    flaw: 'untruthful',
    why: `exit ${exitCode} (${findings.map(({ code, why }) => `${code}: ${why}`).join(', ')}), but ${lie}`,
  }));
}

/** Holds what is there after recovery against a run without faults. */
export function judgeState(found: DatabaseState, wanted: DatabaseState): readonly Wrong[] {
  const wrong: Wrong[] = [];
  const { extra, missing } = difference(found.ledger, wanted.ledger);
  if (extra.length > 0) wrong.push({ flaw: 'duplicated', why: `ledger: + ${extra.join('; ')}` });
  if (missing.length > 0) wrong.push({ flaw: 'lost', why: `ledger: - ${missing.join('; ')}` });
  const compare = (flaw: Flaw, what: string, a: readonly string[], b: readonly string[]): void => {
    if (!same(a, b)) wrong.push({ flaw, why: `${what}: ${inWords(a, b)}` });
  };
  compare('schema', 'catalogue', found.catalogue, wanted.catalogue);
  compare('schema', 'rows', found.rows, wanted.rows);
  compare('unrecorded', 'history', found.records.applied, wanted.records.applied);
  compare('unrecorded', 'statements', found.records.statements, wanted.records.statements);
  compare('unrecorded', 'standing in part', found.records.partial, []);
  compare('unrecorded', 'baseline', found.baseline.toSorted(), asKnown(wanted.baseline, found.baseline));
  for (const { run, outcome } of found.records.runs)
    if (outcome === 'running') wrong.push({ flaw: 'unrecorded', why: `run ${run} is recorded as running` });
  return wrong;
}

/**
 * Which migration made a part may be unknown where runs that died share it: then nothing is claimed of it. A wrong one
 * would be told, and could make a rollback look for it.
 */
function asKnown(wanted: readonly string[], found: readonly string[]): readonly string[] {
  const unknown = new Set(found.filter((line) => line.endsWith(' made by')));
  return wanted
    .map((line) => {
      const without = line.replace(/(?<= made by) \S+$/, '');
      return unknown.has(without) ? without : line;
    })
    .toSorted();
}

function same(a: readonly string[], b: readonly string[]): boolean {
  return a.length === b.length && a.every((value, index) => value === b[index]);
}

function difference(
  found: readonly string[],
  wanted: readonly string[],
): { readonly extra: readonly string[]; readonly missing: readonly string[] } {
  const missing = [...wanted];
  const extra = found.filter((line) => {
    const at = missing.indexOf(line);
    if (at !== -1) missing.splice(at, 1);
    return at === -1;
  });
  return { extra, missing };
}

/** What is too much and what is missing, or else out of order. */
function inWords(found: readonly string[], wanted: readonly string[]): string {
  const { extra, missing } = difference(found, wanted);
  if (extra.length === 0 && missing.length === 0) return 'another order';
  return [...extra.map((line) => `+ ${line}`), ...missing.map((line) => `- ${line}`)].join('; ');
}
