import type { Redactor } from '../../../kit/redact.ts';
import type { Hashing } from '../../../migrate/contract/ports.ts';
import type { Google } from '../../google/google.ts';
import type { ImageSource } from './job-image.ts';
import type { CloudRunOptions } from './options.ts';
import type { ReadLimits, ReadPace } from './read-pace.ts';

/** What all parts of the engine share. */
export interface CloudRunContext {
  readonly options: CloudRunOptions;
  /** Name of the environment. */
  readonly environment: string;
  readonly google: Google;
  readonly hashing: Hashing;
  readonly redactor: Redactor;
  readonly image: ImageSource;
  readonly timeouts: EngineTimeouts;
  /** Paces the reads of the log. */
  readonly readPace: ReadPace;
  readonly onProgress: (text: string) => void;
}

/** How long the engine waits for things, in milliseconds. */
export interface EngineTimeouts {
  /** Until a requested execution exists. */
  readonly startMs: number;
  /** For an execution that should have been made with its job, before another one is requested: it may be visible late. */
  readonly tokenMs: number;
  /** For a grant that was just made, before the start is tried once more. */
  readonly grantMs: number;
  /** For an execution that cannot be found any more, until it counts as deleted: a read may miss what is there. */
  readonly goneMs: number;
  /** For the platform to report the end of an execution that has itself reported its end. */
  readonly endMs: number;
  /** For lines that are missing after the execution has ended. */
  readonly linesMs: number;
  /** For lines that are missing while the execution continues, before what lies behind them is shown. */
  readonly gapMs: number;
  /** For any answer at all while an execution is followed: a laptop may be offline for a while. */
  readonly unreachableMs: number;
  /** Until a deleted job is gone. */
  readonly deleteMs: number;
  /** Between two reads of the log: the first pause, and the longest. */
  readonly firstPauseMs: number;
  readonly longestPauseMs: number;
  /** The shortest time between two polls of the execution. */
  readonly pollMs: number;
  /** How often the log is read: all readers of a project together may read 60 pages a minute. */
  readonly reads: ReadLimits;
}

export const defaultEngineTimeouts: EngineTimeouts = {
  startMs: 5 * 60_000,
  tokenMs: 30_000,
  grantMs: 20_000,
  goneMs: 15_000,
  endMs: 3 * 60_000,
  linesMs: 60_000,
  gapMs: 30_000,
  unreachableMs: 15 * 60_000,
  deleteMs: 10_000,
  firstPauseMs: 150,
  longestPauseMs: 5_000,
  pollMs: 1_000,
  reads: { burst: 6, everyMs: 5_000 },
};

/** For a platform on this machine, which has no quotas to share: an emulator. */
export const emulatorTimeouts: EngineTimeouts = {
  ...defaultEngineTimeouts,
  firstPauseMs: 50,
  longestPauseMs: 500,
  pollMs: 100,
  reads: { burst: 20, everyMs: 250 },
};

export function defaultTimeoutsFor({ endpoints }: CloudRunOptions): EngineTimeouts {
  return isThisMachine(endpoints.logging) ? emulatorTimeouts : defaultEngineTimeouts;
}

function isThisMachine(endpoint: string | undefined): boolean {
  return endpoint !== undefined && /^https?:\/\/(localhost|127\.\d+\.\d+\.\d+|\[::1\])([:/]|$)/.test(endpoint);
}
