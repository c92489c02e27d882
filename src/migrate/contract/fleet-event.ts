import type { Finding } from '../../kit/finding.ts';
import type { RunOutcome } from './run-outcome.ts';

/** Events of the controller, for commands on many databases. */
export type FleetEvent =
  /** The work in one of them has ended. */
  | {
      readonly kind: 'database.finished';
      /** Its entry in the list; of a URL without user and password. */
      readonly entry: string;
      /** Id of the run; empty: there was none. */
      readonly run: string;
      readonly outcome: RunOutcome;
      readonly exitCode: number;
      /** How many migrations were applied. */
      readonly applied: number;
      /** The errors; of a success none. */
      readonly findings: readonly Finding[];
    }
  /** The work in all of them has ended. */
  | {
      readonly kind: 'databases.finished';
      readonly outcome: RunOutcome;
      readonly exitCode: number;
      /** How many there are in the list. */
      readonly databases: number;
      /** In how many of them something was applied, nothing was to be done, or the work has failed. */
      readonly changed: number;
      readonly unchanged: number;
      readonly failed: number;
      /** In how many of them the work was stopped. */
      readonly interrupted: number;
      /** The names of those in which nothing was begun. */
      readonly notStarted: readonly string[];
    };
