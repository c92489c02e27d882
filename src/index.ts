/**
 * The library: what the commands do, without console or process.
 *
 * @module
 */
export { GodwitError } from './kit/godwit-error.ts';
export { adopt, deploy, down } from './library/change.ts';
export { exec } from './library/exec.ts';
export { explain } from './library/explain.ts';
export { deployAll } from './library/fleet.ts';
export { plan, status, verify } from './library/look.ts';
export { runs } from './library/runs.ts';

export type { FaultCode } from './kit/catalogue/index.ts';
export type { Finding, Place, Severity } from './kit/finding.ts';
export type { Ending, ProjectOptions } from './library/call.ts';
export type { AdoptOptions, Deployed, DeployOptions, DownOptions } from './library/change.ts';
export type { ExecOptions, Executed } from './library/exec.ts';
export type { Explanation } from './library/explain.ts';
export type { DeployAllOptions, DeployedAll, DeployedDatabase } from './library/fleet.ts';
export type { Planned, PlanOptions, Status, StatusOptions, Verified, VerifyOptions } from './library/look.ts';
export type { RunAttached, RunCancelled, RunOptions, RunsListed, RunsListOptions, RunShown } from './library/runs.ts';
export type { Checkpoint } from './migrate/contract/checkpoint.ts';
export type { RunEvent } from './migrate/contract/event.ts';
export type { HistoryRow, RunRow, StatementRow } from './migrate/contract/history-rows.ts';
export type { Change, Check, Plan, PlanStep } from './migrate/contract/model.ts';
export type { RunOutcome } from './migrate/contract/run-outcome.ts';
