import { exitCodeOf } from '../kit/fault.ts';
import type { Finding } from '../kit/finding.ts';
import { outcomeOfExitCode as outcomeOfRun } from '../migrate/contract/verdict.ts';
import type { Result } from './command.ts';

/** The outcome in one word; the command line knows one more than a run does. */
export function outcomeOf(exitCode: number): string {
  return exitCode === 2 ? 'wrong-usage' : outcomeOfRun(exitCode);
}

/** A command that did what it was asked. */
export function done(data: Readonly<Record<string, unknown>> = {}, findings: readonly Finding[] = []): Result {
  return { exitCode: 0, outcome: 'done', findings, data };
}

/** A command that ends with these findings; the gravest decides on the exit code. */
export function failed(findings: readonly Finding[], data: Readonly<Record<string, unknown>> = {}): Result {
  const exitCode = exitCodeOf(findings) || 70;
  return { exitCode, outcome: outcomeOf(exitCode), findings, data };
}
