import type { Finding } from '../kit/finding.ts';
import type { Prepared } from '../migrate/contract/engine.ts';
import type { RunEvent } from '../migrate/contract/event.ts';
import type { Plan } from '../migrate/contract/model.ts';
import type { Task } from '../migrate/contract/task.ts';
import type { Project } from '../project/open.ts';
import type { KnownResult } from './questions.ts';
import type { Wired } from '../project/wire.ts';

/** `step`: of a remote engine; `rehearsal`: of a throwaway server. */
type PreparationStep = 'download' | 'copy' | 'step' | 'rehearsal' | 'other';

/** What an operation reports in addition to the events of its runs. The CLI shows it; the library ignores it. */
export type Note =
  /** The project is open; nothing is connected yet. */
  | { readonly kind: 'opened'; readonly project: Project }
  | { readonly kind: 'reached'; readonly project: Project; readonly wired: Wired }
  /** Where the work is executed, before anything is connected. */
  | { readonly kind: 'far-away'; readonly project: Project; readonly place: string }
  /** A slow step before a run: the embedded server is downloaded or started, a job is prepared. */
  | { readonly kind: 'preparing'; readonly text: string; readonly step: PreparationStep }
  /** The step that is in progress. */
  | { readonly kind: 'progress'; readonly text: string }
  /** The step in progress has ended. */
  | { readonly kind: 'settled' }
  /** An earlier result is used. */
  | { readonly kind: 'known'; readonly project: Project; readonly known: KnownResult }
  /** The plan that a person is about to be asked about. */
  | { readonly kind: 'plan'; readonly plan: Plan }
  | { readonly kind: 'hook-passed'; readonly hook: string };

/** A question that only a person can answer. */
export type ConsentQuestion =
  /** The plan changes a protected environment. */
  | { readonly kind: 'change'; readonly environment: string }
  /** A command is executed in a protected environment. */
  | { readonly kind: 'command'; readonly environment: string; readonly words: readonly string[] }
  /** Rows would be lost. */
  | { readonly kind: 'rows'; readonly findings: readonly Finding[] };

/** The listener of a task while it is executed. */
export interface Attendance {
  /** Aborted: the run is left alone and continues. */
  readonly leave?: AbortSignal | undefined;
  readonly onStep?: ((step: string, prepared: Prepared) => void) | undefined;
  readonly onEvent?: ((event: RunEvent) => void) | undefined;
  /** Called when the execution has ended. */
  end(): void;
}

/** The user interface that follows a run. */
export interface FollowingUi extends Ui {
  /** Called when the run is found; `cancel` asks the run to stop. */
  readonly follow?: ((cancel: () => Promise<void>) => Pick<Attendance, 'end'>) | undefined;
}

/** The user interface of an operation: a terminal, or a program. */
export interface Ui {
  /** Receives every event of a run that changes something. */
  onEvent(event: RunEvent): void;
  /** Receives the event that a read-only task waits: for a lock of another session, or for the network. */
  onWait?(event: RunEvent): void;
  /** Receives findings that are not part of the events of a run. */
  onFinding(finding: Finding): void;
  onNote(note: Note): void;
  /** Absent: there is no person to ask. */
  readonly confirm?: ((question: ConsentQuestion) => Promise<boolean>) | undefined;
  readonly attend?: ((project: Project, task: Task) => Attendance) | undefined;
}
