import { nodeHashing } from '../adapters/files/hashing.ts';
import { fault } from '../kit/fault.ts';
import type { Finding } from '../kit/finding.ts';
import { driftingKind } from '../migrate/contract/check-kind.ts';
import type { RunEvent } from '../migrate/contract/event.ts';
import { appliedNow, type History } from '../migrate/contract/history.ts';
import { readHistory } from '../migrate/runner/history/read-history.ts';
import { readStatements } from '../migrate/runner/history/read-statements.ts';
import { newestVersion } from '../migrate/runner/history/newest-version.ts';
import { isBareId } from '../migrate/contract/migration-id.ts';
import { inEffect } from '../migrate/plan/in-effect.ts';
import { compareByStatements } from '../migrate/plan/what-changed.ts';
import type { Bundle, Session } from '../migrate/contract/ports.ts';
import { err, ok, type Outcome } from '../kit/outcome.ts';

/** The source of an upgrade. */
export interface UpgradeSource {
  readonly history: History;
  /** Ids of the applied migrations, without standalone scripts. */
  readonly applied: readonly string[];
}

/** The history, if the applied migrations can be run again: all are recorded, complete, and unchanged since. */
export async function upgradeSourceOf(session: Session, bundle: Bundle): Promise<Outcome<UpgradeSource>> {
  const read = await readHistory(session, nodeHashing);
  if (!read.ok) return read;
  const history = read.value;
  const refused = (why: string): Outcome<never> => err(fault('upgrade-refused', { why }));
  if (history.version === 0) return ok({ history, applied: [] });
  if (history.version !== newestVersion)
    return refused(
      `Schema godwit has version ${history.version}; the next run that changes something upgrades it to ${newestVersion}. Run \`godwit up\` with a pending migration.`,
    );
  if (history.partial.length > 0) return err(fault('half-way'));
  if (history.undescribed || history.unfollowed)
    return refused('A run died before it described its changes. Run `godwit up`, which describes them.');
  const recorded = readStatements(session);
  const { findings } = await compareByStatements(bundle, history, { outOfOrder: true, recorded });
  const wrong = findings.filter(({ severity }) => severity === 'error');
  if (wrong.length > 0) return err(...wrong);
  // A squashed migration makes the same as those that it replaces, even if it is not recorded yet.
  const effect = inEffect(bundle.migrations, history);
  const stood = [...effect.recordable.keys(), ...appliedNow(effect.rows)].map(({ id }) => id);
  const applied = [...new Set(stood)].filter((id) => !isBareId(id));
  const files = new Set(effect.migrations.map(({ id }) => id));
  const absent = applied.filter((id) => !files.has(id));
  if (absent.length > 0)
    return refused(
      `The files of ${absent.slice(0, mostNamed).join(', ')} are not in this folder, so godwit cannot run them again.`,
    );
  return ok({ history, applied });
}

const mostNamed = 20;

/** What was changed by hand, according to the events of `verify`. */
export function driftIn(events: readonly RunEvent[]): readonly string[] {
  const checks = events.flatMap((event) => (event.kind === 'checks' ? event.checks : []));
  return checks
    .filter(({ ok, severity }) => !ok && severity !== 'note')
    .flatMap(({ kind, object, actual }) => {
      const drifting = driftingKind(kind);
      return drifting === undefined ? [] : [`${drifting} ${object}: ${actual}`];
    });
}

/** Reports what would be left behind: as an error, or as a warning if that is wanted. */
export function leftBehind(things: readonly string[], isWanted: boolean): readonly Finding[] {
  if (things.length === 0) return [];
  // The name of a table covers its columns.
  const tables = things.flatMap((text) => /^table (.+)$/.exec(text)?.[1] ?? []);
  const named = things.filter((text) => !tables.some((table) => text.startsWith(`column ${table}.`)));
  const more = named.length > mostNamed ? `, and ${named.length - mostNamed} more` : '';
  const why = `${named.slice(0, mostNamed).join('; ')}${more}.`;
  return [
    fault(
      'upgrade-would-lose',
      isWanted
        ? { why, fix: 'Nothing to do: the old data, which are kept, still contain it.', severity: 'warning' }
        : { why },
    ),
  ];
}
