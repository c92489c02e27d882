import { exitCodeOf } from '../kit/fault.ts';
import type { Finding } from '../kit/finding.ts';
import { outcomeOfExitCode as outcomeOfRun } from '../migrate/contract/verdict.ts';
import type { Result } from './command.ts';

/** The outcome in one word. The command line has one outcome more than a run: `wrong-usage`. */
export function outcomeOf(exitCode: number): string {
  return exitCode === 2 ? 'wrong-usage' : outcomeOfRun(exitCode);
}

/** The result of a command that succeeded. */
export function done(data: Readonly<Record<string, unknown>> = {}, findings: readonly Finding[] = []): Result {
  return { exitCode: 0, outcome: 'done', findings, data };
}

/** The result of a command that ends with these findings; the most severe one decides the exit code. */
export function failed(findings: readonly Finding[], data: Readonly<Record<string, unknown>> = {}): Result {
  const exitCode = exitCodeOf(findings) || 70;
  return { exitCode, outcome: outcomeOf(exitCode), findings, data };
}
