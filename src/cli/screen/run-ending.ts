import type { RunFinished } from '../../migrate/contract/event.ts';
import type { Check } from '../../migrate/contract/model.ts';
import { checkSummary } from './checks.ts';
import { countOf, duration } from './format.ts';
import type { Screen } from './screen-port.ts';

/** What a run has done, counted from its events. */
export interface Tally {
  readonly applied: number;
  /** The number of migrations that were recorded, not executed. */
  readonly recorded: number;
  readonly undone: number;
  /** True: the run was meant to undo migrations. */
  readonly turnsBack: boolean;
  /** The number of differences that were accepted into the baseline. */
  readonly accepted: number;
  readonly checks: readonly Check[];
  /** The number of hooks that passed. */
  readonly hooks: number;
  readonly hookFailed: boolean;
  /** True: the run was meant to settle the identity. */
  readonly identifies: boolean;
  /** Migrations of the plan. */
  readonly planned: number;
  /** True: they share one transaction. */
  readonly together: boolean;
  /** True: events are missing, so that nothing can be counted. */
  readonly partial: boolean;
}

/** The last lines about a run of migrations. */
export function runEnding(event: RunFinished, tally: Tally, { style, elapsedMs }: Screen): readonly string[] {
  const parts: string[] = [];
  if (tally.applied > 0 && !tally.partial) parts.push(`${countOf(tally.applied, 'migration')} applied`);
  if (tally.recorded > 0 && !tally.partial) parts.push(`${countOf(tally.recorded, 'migration')} recorded`);
  if (tally.undone > 0 && !tally.partial) parts.push(`${countOf(tally.undone, 'migration')} undone`);
  if (tally.accepted > 0) parts.push(`${countOf(tally.accepted, 'difference')} accepted`);
  if (tally.checks.length > 0) parts.push(checkSummary(tally.checks));
  if (tally.hooks > 0) parts.push(`${countOf(tally.hooks, 'hook')} passed`);
  const what = parts.length === 0 ? '' : `: ${parts.join(', ')}`;
  const idle = tally.identifies
    ? 'this database is the environment’s already'
    : tally.planned > 0
      ? 'nothing is left to record'
      : 'nothing is pending';
  const rest = style.dim(`  ${duration(Math.max(event.ms, elapsedMs))} · run ${event.run}`);
  if (event.outcome === 'nothing-to-do')
    return [`${style.green('✔')} Nothing to do: ${[idle, ...parts].join('; ')}.${rest}`];
  if (event.exitCode === 0) return ['', `${style.green(style.bold('✔ Done'))}${what}.${rest}`];
  const unchanged = ['refused', 'busy', 'unreachable'].includes(event.outcome);
  const stopped = unchanged && tally.recorded + tally.applied + tally.undone > 0;
  if (tally.hookFailed) return ['', `${style.red(style.bold('✘ Applied and verified; a hook failed'))}${what}.${rest}`];
  const end = stopped
    ? '✘ Stopped; what was recorded remains'
    : tally.together && event.outcome === 'failed'
      ? '✘ Failed; all migrations of the transaction were rolled back'
      : endings[event.outcome].replace('godwit up', tally.turnsBack ? 'godwit down' : 'godwit up');
  return ['', `${style.red(style.bold(end))}${what}.${rest}`];
}

const endings: Readonly<Record<RunFinished['outcome'], string>> = {
  done: '✔ Done',
  'nothing-to-do': '✔ Nothing to do',
  refused: '✘ Refused; nothing was changed',
  busy: '✘ The database is in use by others; nothing was changed',
  unreachable: '✘ The database cannot be reached; nothing was changed',
  failed: '✘ Failed; the failed migration was rolled back',
  'partly-applied': '✘ Failed part-way; finished statements are recorded, `godwit up` resumes after them',
  unknown: '? The outcome is not known yet; `godwit status` will show it',
  'verification-failed': '✘ The database does not match the migrations',
  interrupted: '✘ Interrupted; what was applied is recorded',
  bug: '✘ A bug in godwit',
};
