import type { LockClass } from '../../../sql/locks.ts';
import type { Analysis, Segment, Statement } from '../../contract/model.ts';
import { shortWaitMs, usualWaitMs, type LockPolicy } from '../../contract/lock-policy.ts';

const short = `'${shortWaitMs}ms'`;
// Not DEFAULT: through a pooler that is the value with which another client started the connection.
const usual = `'${usualWaitMs}ms'`;

interface LockSettingsContext {
  readonly analysis: Pick<Analysis, 'statements'>;
  readonly locks: LockPolicy;
}

/**
 * The commands that change how long to wait for locks, by the index of the statement that they precede. Only where the
 * class changes: most migrations create new tables and need no such command. Once a strong lock may be held, no later
 * wait is longer than the wait for that one: waiting while holding it stalls the readers of the first table.
 *
 * @param before `guarded`: godwit itself has taken strong locks before the statements; `held`: an earlier migration of the
 *   same transaction may hold some
 */
export function lockSettings(
  { analysis, locks }: LockSettingsContext,
  segment: Segment,
  before: { readonly guarded: boolean; readonly held?: boolean },
): ReadonlyMap<number, string> {
  const settings = new Map<number, string>();
  let set = before.guarded ? short : undefined;
  let held = before.guarded || before.held === true;
  let patient = false;
  const atSavepoints = new Map<number, readonly [typeof set, boolean, boolean]>();
  for (let index = segment.first; index <= segment.last; index += 1) {
    const statement = analysis.statements[index];
    if (statement === undefined) continue;
    const wanted = held ? short : statement.lock === undefined ? undefined : valueOf(statement.lock, locks);
    // The file's own settings come after this, so they win.
    if (wanted !== set && (wanted !== undefined || patient)) {
      settings.set(index, `SET LOCAL lock_timeout TO ${wanted ?? usual}`);
      set = wanted;
      patient = !held && statement.lock === 'patient';
    }
    held ||= statement.lock === 'strong';
    if (statement.tag === 'RESET' || statement.tag.startsWith('DISCARD')) set = undefined;
    if (statement.tag === 'SAVEPOINT') atSavepoints.set(index, [set, held, patient]);
    // The server releases the locks and restores the settings.
    const saved = atSavepoints.get(statement.backTo ?? -1);
    if (saved !== undefined) [set, held, patient] = saved;
  }
  return settings;
}

/** The setting before godwit's own strong locks, unless the file sets how long to wait. */
export function guardSetting({ analysis }: { readonly analysis: Pick<Analysis, 'directives'> }): readonly string[] {
  return analysis.directives.lockTimeout === undefined ? [`SET LOCAL lock_timeout TO ${short}`] : [];
}

/** The same for a statement that runs outside transactions: it applies until the next opening resets it. */
export function sessionLockSetting(statement: Statement, locks: LockPolicy): readonly string[] {
  return statement.lock === undefined ? [] : [`SET SESSION lock_timeout TO ${valueOf(statement.lock, locks)}`];
}

function valueOf(lock: LockClass, locks: LockPolicy): string {
  const ms = lock === 'strong' ? (locks.firstMs ?? shortWaitMs) : locks.concurrentMs;
  return `'${Math.max(1, Math.round(ms))}ms'`;
}
