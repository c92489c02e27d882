import { exitCodeOf } from '../../kit/fault.ts';
import { gravest, isExitCode, type ExitCode } from '../../kit/exit-code.ts';
import type { Finding } from '../../kit/finding.ts';
import type { RunOutcome } from '../../migrate/contract/run-outcome.ts';
import { outcomeOfExitCode } from '../../migrate/contract/verdict.ts';
import type { Execution } from '../../migrate/controller/execute-task.ts';
import type { OperationResult } from '../operation-result.ts';
import { findingOf } from './member-findings.ts';
import type { Member } from './members.ts';

/** How the work in one of many databases ended. */
export interface MemberEnd {
  readonly member: Member;
  /** `not-started`: nothing was begun there. */
  readonly outcome: RunOutcome | 'not-started';
  readonly exitCode: number;
  /** Id of the run; empty: there was none. */
  readonly run: string;
  /** How many migrations were applied. */
  readonly applied: number;
  /** The errors; of a success none. */
  readonly findings: readonly Finding[];
}

/** How the work in all of them ended. */
export interface FleetEnd {
  readonly outcome: RunOutcome;
  readonly exitCode: ExitCode;
  /** In the order of the list. */
  readonly ends: readonly MemberEnd[];
}

/** So many errors of a database are kept. */
const most = 5;

/** The end of an operation. Its events are not kept: of a thousand databases they would fill the memory. */
export function endOf(member: Member, result: OperationResult): MemberEnd {
  switch (result.kind) {
    case 'nothing':
      return { member, outcome: 'nothing-to-do', exitCode: 0, run: '', applied: 0, findings: [] };
    case 'refused':
      return refusedEnd(member, result.findings);
    case 'detached':
      throw new Error('a run among many is not detached');
    case 'ended':
      return endOfExecution(member, result.execution);
  }
}

export function endOfExecution(member: Member, { outcome, exitCode, run, events, findings }: Execution): MemberEnd {
  return {
    member,
    outcome,
    exitCode,
    run,
    applied: events.filter(({ kind }) => kind === 'migration.applied').length,
    findings: exitCode === 0 ? [] : errorsOf(member, findings),
  };
}

function refusedEnd(member: Member, findings: readonly Finding[]): MemberEnd {
  const exitCode = exitCodeOf(findings) || 70;
  return {
    member,
    outcome: outcomeOfExitCode(exitCode),
    exitCode,
    run: '',
    applied: 0,
    findings: errorsOf(member, findings),
  };
}

/** Did it end because the command was to stop? That is no failure of the database. */
export function isStopped({ outcome }: MemberEnd): boolean {
  return outcome === 'interrupted';
}

function notStarted(member: Member): MemberEnd {
  return { member, outcome: 'not-started', exitCode: 0, run: '', applied: 0, findings: [] };
}

/** The whole: the gravest exit code decides; without one, an interruption. */
export function fleetEnd(
  members: readonly Member[],
  ends: ReadonlyMap<Member, MemberEnd>,
  interrupted: boolean,
): FleetEnd {
  const all = members.map((member) => ends.get(member) ?? notStarted(member));
  const codes = all.flatMap(({ exitCode }) => (exitCode === 0 ? [] : [isExitCode(exitCode) ? exitCode : 70]));
  const exitCode = gravest(interrupted ? [...codes, 130] : codes);
  const idle = all.every(({ outcome }) => outcome === 'nothing-to-do');
  return { outcome: exitCode === 0 && idle ? 'nothing-to-do' : outcomeOfExitCode(exitCode), exitCode, ends: all };
}

function errorsOf(member: Member, findings: readonly Finding[]): readonly Finding[] {
  const errors = findings.filter(({ severity }) => severity === 'error').slice(0, most);
  return errors.map((finding) => findingOf(member, finding));
}
