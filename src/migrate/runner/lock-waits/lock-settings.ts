import type { LockClass } from '../../../sql/locks.ts';
import type { Analysis, Segment, Statement } from '../../contract/model.ts';
import { shortWaitMs, usualWaitMs, type LockPolicy } from '../../contract/lock-policy.ts';

const short = `'${shortWaitMs}ms'`;
// Not DEFAULT: through a pooler that is what somebody else has started the connection with.
const usual = `'${usualWaitMs}ms'`;

interface LockSettingsContext {
  readonly analysis: Pick<Analysis, 'statements'>;
  readonly locks: LockPolicy;
}

/**
 * The commands that change how long to wait for locks, by the index of the statement that they stand in front of. Only
 * where the class changes: most migrations make new tables and need none. Once a strong lock may be held, nothing waits
 * longer than for that one: whoever waits while holding it stalls the readers of the first table.
 *
 * @param guarded godwit itself has taken strong locks in front of the statements
 */
export function lockSettings(
  { analysis, locks }: LockSettingsContext,
  segment: Segment,
  guarded: boolean,
): ReadonlyMap<number, string> {
  const settings = new Map<number, string>();
  let set = guarded ? short : undefined;
  let held = guarded;
  let patient = false;
  const atSavepoints = new Map<number, readonly [typeof set, boolean, boolean]>();
  for (let index = segment.first; index <= segment.last; index += 1) {
    const statement = analysis.statements[index];
    if (statement === undefined) continue;
    const wanted = held ? short : statement.lock === undefined ? undefined : valueOf(statement.lock, locks);
    // What the file has set itself comes behind this, so it stays as the file wants it.
    if (wanted !== set && (wanted !== undefined || patient)) {
      settings.set(index, `SET LOCAL lock_timeout TO ${wanted ?? usual}`);
      set = wanted;
      patient = !held && statement.lock === 'patient';
    }
    held ||= statement.lock === 'strong';
    if (statement.tag === 'RESET' || statement.tag.startsWith('DISCARD')) set = undefined;
    if (statement.tag === 'SAVEPOINT') atSavepoints.set(index, [set, held, patient]);
    // The server gives back the locks and puts back the settings.
    const before = atSavepoints.get(statement.backTo ?? -1);
    if (before !== undefined) [set, held, patient] = before;
  }
  return settings;
}

/** What stands in front of godwit's own strong locks, unless the file says how long to wait. */
export function guardSetting({ analysis }: { readonly analysis: Pick<Analysis, 'directives'> }): readonly string[] {
  return analysis.directives.lockTimeout === undefined ? [`SET LOCAL lock_timeout TO ${short}`] : [];
}

/** The same for a statement that runs outside of transactions: it holds until the next opening resets it. */
export function sessionLockSetting(statement: Statement, locks: LockPolicy): readonly string[] {
  return statement.lock === undefined ? [] : [`SET SESSION lock_timeout TO ${valueOf(statement.lock, locks)}`];
}

function valueOf(lock: LockClass, locks: LockPolicy): string {
  const ms = lock === 'strong' ? (locks.firstMs ?? shortWaitMs) : locks.concurrentMs;
  return `'${Math.max(1, Math.round(ms))}ms'`;
}
