import { exitCodeOf } from '../kit/fault.ts';
import type { Finding } from '../kit/finding.ts';
import type { Result } from './command.ts';

const words: Readonly<Record<number, string>> = {
  0: 'done',
  2: 'wrong-usage',
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
export function outcomeOf(exitCode: number): string {
  return words[exitCode] ?? 'bug';
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
