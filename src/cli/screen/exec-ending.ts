import { duration } from './format.ts';
import type { Screen } from './screen-port.ts';
import type { RunFinished } from '../../migrate/contract/event.ts';

/** The last line about an executed command. */
export function execEnding(event: RunFinished, { style, elapsedMs }: Screen): readonly string[] {
  const rest = style.dim(`  ${duration(Math.max(event.ms, elapsedMs))} · run ${event.run}`);
  if (event.outcome === 'nothing-to-do') return [`${style.green('✔')} The hook has already passed.${rest}`];
  if (event.exitCode === 0) return ['', `${style.green(style.bold('✔ Done'))}.${rest}`];
  return ['', `${style.red(style.bold(endings[event.outcome]))}.${rest}`];
}

const endings: Readonly<Record<RunFinished['outcome'], string>> = {
  done: '✔ Done',
  'nothing-to-do': '✔ Done',
  refused: '✘ Refused; the command was not executed',
  busy: '✘ Another run holds the database; the command was not executed, or did not finish',
  unreachable: '✘ The database cannot be reached; the command was not executed',
  failed: '✘ The command failed',
  'partly-applied': '✘ The command failed',
  unknown: '? The outcome of the command is not known',
  'verification-failed': '✘ The command failed',
  interrupted: '✘ Interrupted',
  bug: '✘ A bug in godwit',
};
