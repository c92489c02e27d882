import type { Finding } from '../kit/finding.ts';
import type { Prepared } from '../migrate/contract/engine.ts';
import type { RunEvent } from '../migrate/contract/event.ts';
import type { Plan } from '../migrate/contract/model.ts';
import type { Task } from '../migrate/contract/task.ts';
import type { Project } from '../project/open.ts';
import type { KnownResult } from './questions.ts';
import type { Wired } from '../project/wire.ts';

/** `step`: of an engine far away; `rehearsal`: of a throwaway server. */
type PreparationStep = 'download' | 'copy' | 'step' | 'rehearsal' | 'other';

/** What an operation says besides the events of its runs. A screen shows it; a library has no use for it. */
export type Note =
  /** The project is open; nothing is connected yet. */
  | { readonly kind: 'opened'; readonly project: Project }
  | { readonly kind: 'reached'; readonly project: Project; readonly wired: Wired }
  /** Where the work is, before anything is connected. */
  | { readonly kind: 'far-away'; readonly project: Project; readonly place: string }
  /** What takes time before a run: the embedded server is downloaded and started, a job is prepared. */
  | { readonly kind: 'preparing'; readonly text: string; readonly step: PreparationStep }
  /** What is being done at this moment. */
  | { readonly kind: 'progress'; readonly text: string }
  /** What was said to be in progress is over. */
  | { readonly kind: 'settled' }
  /** An earlier result is used. */
  | { readonly kind: 'known'; readonly project: Project; readonly known: KnownResult }
  /** What a person is about to be asked about. */
  | { readonly kind: 'plan'; readonly plan: Plan }
  | { readonly kind: 'hook-passed'; readonly hook: string };

/** What only a person can answer. */
export type ConsentQuestion =
  /** A protected environment is changed by this plan. */
  | { readonly kind: 'change'; readonly environment: string }
  /** A command is executed in a protected environment. */
  | { readonly kind: 'command'; readonly environment: string; readonly words: readonly string[] }
  /** Rows would be lost. */
  | { readonly kind: 'rows'; readonly findings: readonly Finding[] };

/** Who is there while a task is executed. */
export interface Attendance {
  /** Aborted: the run is left alone and continues. */
  readonly leave?: AbortSignal | undefined;
  readonly onStep?: ((step: string, prepared: Prepared) => void) | undefined;
  readonly onEvent?: ((event: RunEvent) => void) | undefined;
  /** The execution has ended. */
  end(): void;
}

/** Who follows a run. */
export interface FollowingUi extends Ui {
  /** The run is found: what its follower wants of it from now on. */
  readonly follow?: ((cancel: () => Promise<boolean>) => Pick<Attendance, 'end'>) | undefined;
}

/** Who has asked for an operation: a terminal, or a program. */
export interface Ui {
  /** Receives every event of a run that changes something. */
  onEvent(event: RunEvent): void;
  /** Receives the event that a task which only reads waits for somebody's lock. */
  onWait?(event: RunEvent): void;
  /** Receives what is wrong in addition to a run. */
  onFinding(finding: Finding): void;
  onNote(note: Note): void;
  /** Absent: there is no person to ask. */
  readonly confirm?: ((question: ConsentQuestion) => Promise<boolean>) | undefined;
  readonly attend?: ((project: Project, task: Task) => Attendance) | undefined;
}
