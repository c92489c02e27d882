import type { Finding } from '../../kit/finding.ts';
import type { Outcome } from '../../kit/outcome.ts';
import type { Plan } from './model.ts';

/** Which runs need a checkpoint. */
export type CheckpointPolicy = 'never' | 'destructive' | 'always';

/** How a recovery point is made: a copy of the data directory, a dump, a moment in the server's log, a backup. */
type CheckpointMethod = 'copy' | 'dump' | 'point-in-time' | 'backup';

/** A recovery point that was taken and looked at. */
export interface Checkpoint {
  readonly kind: 'taken';
  readonly means: CheckpointMethod;
  /** How its place knows it. */
  readonly id: string;
  /** The command that restores it, to be typed as it is. */
  readonly restore: string;
  /** What a restore undoes beside the run, in words. */
  readonly undoes: string;
  /** The moment that a restore leads back to: ISO 8601 UTC. */
  readonly takenAt: string;
  /** How long it is kept, in words. */
  readonly kept: string;
  readonly bytes?: number;
  /** Of the dump, in hexadecimal. */
  readonly sha256?: string;
}

/** Somebody answers for going without. */
export interface CheckpointWaiver {
  readonly kind: 'waived';
  readonly by: string;
  readonly reason: string;
}

/** What a checkpoint is taken for. */
export interface CheckpointRequest {
  readonly run: string;
  /**
   * When the execution ended that was refused for want of a checkpoint, by the clock of the runner, which stands next to
   * the database: certainly before the first change. ISO 8601 UTC.
   */
  readonly before: string;
  /** What the server calls itself: `PostgreSQL 17.6`. */
  readonly server: string;
  /** Where the refused execution was connected to: the checkpoint must be of that server. Absent: it is not known. */
  readonly host?: string;
  readonly onProgress: (text: string) => void;
  readonly signal?: AbortSignal;
}

/** What would be done, found out without doing it. */
export interface ForeseenCheckpoint {
  readonly means: CheckpointMethod | 'none';
  /** In words: `a copy of the data directory`; or why there is no way. */
  readonly text: string;
}

/** Takes checkpoints of one environment. */
export interface Checkpointer {
  foresee(): Promise<ForeseenCheckpoint>;
  /** Faults `needs-checkpoint` (there is no way to take one), `checkpoint-failed`, `interrupted`. */
  take(request: CheckpointRequest): Promise<Outcome<Checkpoint>>;
}

/** Does the policy ask for a checkpoint before this plan? */
export function wantsCheckpoint(plan: Plan, policy: CheckpointPolicy): boolean {
  if (policy === 'never' || plan.steps.length === 0) return false;
  return policy === 'always' || plan.steps.some((step) => step.destroys.length > 0);
}

/** How the run's record tells of it; empty when none was asked for. */
export function checkpointText(checkpoint: Checkpoint | CheckpointWaiver | undefined): string {
  if (checkpoint === undefined) return '';
  if (checkpoint.kind === 'waived') return `waived by ${checkpoint.by}: ${checkpoint.reason}`;
  const { means: method, id, takenAt, restore, undoes, kept, sha256 } = checkpoint;
  const proof = sha256 === undefined ? '' : ` (sha256 ${sha256})`;
  return `${method} ${id}${proof}, as of ${takenAt}, kept ${kept}. Restore: ${restore} (undoes ${undoes}; try the down file first)`;
}

/** True: nothing but a missing checkpoint stands in the way. */
export function lacksCheckpointOnly(findings: readonly Finding[]): boolean {
  const errors = findings.filter(({ severity }) => severity === 'error');
  return errors.length > 0 && errors.every(({ code }) => code === 'needs-checkpoint');
}
