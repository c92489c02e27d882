import type { Finding } from '../../kit/finding.ts';
import type { Outcome } from '../../kit/outcome.ts';
import type { Plan } from './model.ts';

/** Which runs need a checkpoint. */
export type CheckpointPolicy = 'never' | 'destructive' | 'always';

/** How a recovery point is made: a copy of the data directory, a dump, a moment in the server's log, a backup. */
type CheckpointMethod = 'copy' | 'dump' | 'point-in-time' | 'backup';

/** A recovery point that was taken and verified. */
export interface Checkpoint {
  readonly kind: 'taken';
  readonly means: CheckpointMethod;
  /** Its name in the place where it is kept. */
  readonly id: string;
  /** The command that restores it, to be typed as it is. */
  readonly restore: string;
  /** What a restore undoes in addition to the run, as text. */
  readonly undoes: string;
  /** The moment that a restore leads back to: ISO 8601 UTC. */
  readonly takenAt: string;
  /** How long it is kept, as text. */
  readonly kept: string;
  readonly bytes?: number;
  /** SHA-256 of the dump, in hexadecimal. */
  readonly sha256?: string;
}

/** A person decided to run without a checkpoint. */
export interface CheckpointWaiver {
  readonly kind: 'waived';
  readonly by: string;
  readonly reason: string;
}

/** What a checkpoint must cover. */
export interface CheckpointRequest {
  readonly run: string;
  /**
   * When the execution that was refused for lack of a checkpoint ended, by the clock of the runner next to the
   * database: certainly before the first change. ISO 8601 UTC.
   */
  readonly before: string;
  /** The server's version text: `PostgreSQL 17.6`. */
  readonly server: string;
  /** The host to which the refused execution connected: the checkpoint must be of that server. Absent: not known. */
  readonly host?: string;
  readonly onProgress: (text: string) => void;
  readonly signal?: AbortSignal;
}

/** The checkpoint that would be taken, determined without taking it. */
export interface ForeseenCheckpoint {
  readonly means: CheckpointMethod | 'none';
  /** As text: `a copy of the data directory`; or why no checkpoint can be taken. */
  readonly text: string;
}

/** Takes checkpoints of one environment. */
export interface Checkpointer {
  foresee(): Promise<ForeseenCheckpoint>;
  /** Faults: `needs-checkpoint` (none can be taken), `checkpoint-failed`, `interrupted`. */
  take(request: CheckpointRequest): Promise<Outcome<Checkpoint>>;
}

/** Does the policy ask for a checkpoint before this plan? */
export function wantsCheckpoint(plan: Plan, policy: CheckpointPolicy): boolean {
  if (policy === 'never' || plan.steps.length === 0) return false;
  return policy === 'always' || plan.steps.some((step) => step.destroys.length > 0);
}

/** How the run's record describes it; empty when none was requested. */
export function checkpointText(checkpoint: Checkpoint | CheckpointWaiver | undefined): string {
  if (checkpoint === undefined) return '';
  if (checkpoint.kind === 'waived') return `waived by ${checkpoint.by}: ${checkpoint.reason}`;
  const { means: method, id, takenAt, restore, undoes, kept, sha256 } = checkpoint;
  const proof = sha256 === undefined ? '' : ` (sha256 ${sha256})`;
  return `${method} ${id}${proof}, as of ${takenAt}, kept ${kept}. Restore: ${restore} (undoes ${undoes}; try the down file first)`;
}

/** The description in a run's record without its restore command, and the command. */
export function recordedCheckpoint(recorded: string): { readonly text: string; readonly restore?: string } {
  const [, text, restore, undoes] = described.exec(recorded) ?? [];
  if (text === undefined || restore === undefined) return { text: recorded };
  return { text: `${text}. A restore undoes ${undoes}.`, restore };
}

const described = /^((?:copy|dump|point-in-time|backup) .*?)\. Restore: (.*) \(undoes (.*)\)$/s;

/** True: a missing checkpoint is the only obstacle. */
export function lacksCheckpointOnly(findings: readonly Finding[]): boolean {
  const errors = findings.filter(({ severity }) => severity === 'error');
  return errors.length > 0 && errors.every(({ code }) => code === 'needs-checkpoint');
}
