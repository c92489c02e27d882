import { isExitCode, type ExitCode } from '../../kit/exit-code.ts';
import { exitCodeOf } from '../../kit/fault.ts';
import type { Finding } from '../../kit/finding.ts';
import type { RunOutcome } from './run-outcome.ts';

/** How an execution ended: the outcome in a word, its exit code, and the findings that led to it. */
export interface Verdict {
  readonly outcome: RunOutcome;
  readonly exitCode: number;
  readonly findings: readonly Finding[];
}

const outcomes: Readonly<Record<ExitCode, RunOutcome>> = {
  0: 'done',
  2: 'refused',
  10: 'refused',
  20: 'busy',
  30: 'unreachable',
  40: 'failed',
  41: 'partly-applied',
  42: 'unknown',
  50: 'verification-failed',
  70: 'bug',
  130: 'interrupted',
};

/** The outcome in one word that belongs to an exit code. */
export function outcomeOfExitCode(exitCode: number): RunOutcome {
  return isExitCode(exitCode) ? outcomes[exitCode] : 'bug';
}

/** Is this an exit code that a runner ends with when it knows how the run has ended? */
export function isVerdict(exitCode: number): boolean {
  return exitCode !== 42 && isExitCode(exitCode);
}

/** The verdict that findings ask for. */
export function verdictOf(...findings: readonly Finding[]): Verdict {
  const exitCode = exitCodeOf(findings);
  return { outcome: outcomeOfExitCode(exitCode), exitCode, findings };
}

/** The verdict of a successful run. */
export function succeeded(outcome: 'done' | 'nothing-to-do' = 'done'): Verdict {
  return { outcome, exitCode: 0, findings: [] };
}

/**
 * Only a run that has changed nothing can be refused or fail to get the database: a run that has changed something has
 * failed part-way.
 */
export function afterChanges(verdict: Verdict): Verdict {
  const { exitCode, findings } = verdict;
  const nothingChanged = exitCode === 10 || exitCode === 30 || findings.some(({ code }) => code === 'busy');
  return nothingChanged ? { ...verdict, outcome: 'failed', exitCode: 40 } : verdict;
}
