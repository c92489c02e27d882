import { fault } from '../kit/fault.ts';
import type { Finding } from '../kit/finding.ts';
import type { RunEvent } from '../migrate/contract/event.ts';
import { appliedNow } from '../migrate/contract/history.ts';
import type { HistoryRow, RunRow } from '../migrate/contract/history-rows.ts';
import type { Migration } from '../migrate/contract/model.ts';
import type { Comparison } from '../migrate/plan/compare.ts';
import type { Hook } from '../project/environment.ts';

/** The number of the last history row when a hook last passed; undefined: the hook has not passed. */
function seenBy(hook: Hook, runs: readonly RunRow[], mask: (text: string) => string): number | undefined {
  const words = JSON.stringify(hook.command.map(mask));
  const passed = runs.flatMap(({ exitCode, about }) =>
    exitCode === 0 && about?.hook === hook.name && JSON.stringify(about.words) === words ? [about.seq] : [],
  );
  return passed.length === 0 ? undefined : Math.max(...passed);
}

/**
 * Finds out from the events of an execution which hooks need not be executed. A remote execution reports the history
 * and the runs at its end; without them, no hook counts as passed.
 */
export function hooksPassed(events: readonly RunEvent[], mask: (text: string) => string): (hook: Hook) => boolean {
  const history = events.findLast((event) => event.kind === 'history');
  const runs = events.findLast((event) => event.kind === 'runs');
  if (history === undefined || runs === undefined) return () => false;
  const seq = history.rows.at(-1)?.seq ?? 0;
  return (hook) => seenBy(hook, runs.runs, mask) === seq;
}

/** What the required environment has, and what it must have. */
export interface Promotion {
  /** The name of the required environment. */
  readonly from: string;
  /** All rows of its history, and its newest runs. */
  readonly rows: readonly HistoryRow[];
  readonly runs: readonly RunRow[];
  readonly hooks: readonly Hook[];
  /** What is about to be applied elsewhere, and how it compares with the history of the required environment. */
  readonly migrations: readonly Migration[];
  readonly comparison: Comparison;
  readonly mask: (text: string) => string;
}

/** What the required environment lacks: migrations as their files are here, and hooks that have passed with them. */
export function lacking({ from, rows, runs, hooks, migrations, comparison, mask }: Promotion): readonly Finding[] {
  const { pending, changed, renamed } = comparison;
  const wanted = new Set(migrations.map(({ id }) => id));
  const findings: Finding[] = [];
  const absent = [...pending, ...renamed.map(({ migration }) => migration).filter(({ id }) => !has(rows, id))];
  if (absent.length > 0) findings.push(notPromoted(from, `\`${from}\` lacks ${named(absent)}.`, up(from)));
  if (changed.length > 0)
    findings.push(
      notPromoted(
        from,
        `\`${from}\` applied different files as ${named(changed.map(({ migration }) => migration))}.`,
        `\`godwit status -e ${from}\` shows what differs. Do not change files after they are applied.`,
      ),
    );
  const needed = Math.max(0, ...appliedNow(rows).flatMap(({ id, seq }) => (wanted.has(id) ? [seq] : [])));
  for (const hook of hooks) {
    const seen = seenBy(hook, runs, mask);
    if (seen !== undefined && seen >= needed) continue;
    const since =
      seen === undefined ? 'has not passed there' : 'has not passed there since migrations were applied last';
    findings.push(notPromoted(from, `Hook \`${hook.name}\` of \`${from}\` ${since}.`, up(from)));
  }
  return findings;
}

function has(rows: readonly HistoryRow[], id: string): boolean {
  return appliedNow(rows).some((row) => row.id === id);
}

function up(from: string): string {
  return `Run \`godwit up -e ${from}\`, which applies them and executes the hooks that have not passed, then repeat this command.`;
}

const mostNamed = 10;

function named(migrations: readonly Migration[]): string {
  const names = migrations.slice(0, mostNamed).map(({ up: { file } }) => file);
  const more = migrations.length - names.length;
  return `${names.join(', ')}${more > 0 ? ` and ${more} more` : ''}`;
}

function notPromoted(from: string, why: string, fix: string): Finding {
  return fault('not-promoted', { why: `${why} This environment requires \`${from}\` first.`, fix });
}
