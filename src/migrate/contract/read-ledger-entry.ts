import { isFlag, isNumber, isText, optional, recordOf } from '../../kit/guards.ts';
import type { LedgerEntry } from './engine.ts';

/**
 * The entry of the ledger in a value that was stored, or came from a log that anybody may write into; undefined when it
 * is none.
 */
export function readLedgerEntry(value: unknown): LedgerEntry | undefined {
  return isEntry(value) ? value : undefined;
}

const isEntry = recordOf<LedgerEntry>({
  run: isText,
  command: isText,
  environment: isText,
  target: isText,
  place: optional(isText),
  member: optional(isText),
  engine: isText,
  bundle: isText,
  by: isText,
  from: isText,
  commit: isText,
  tool: isText,
  startedAt: isText,
  finishedAt: optional(isText),
  outcome: optional(isText),
  exitCode: optional(isNumber),
  failure: optional(isText),
  kind: optional(isText),
  question: optional(isText),
  applied: optional(isNumber),
  controller: optional(isText),
  execution: optional(isText),
  log: optional(isText),
  image: optional(isText),
  secretVersion: optional(isText),
  checkpoint: optional(isText),
  cleanup: optional(isText),
  recorded: isFlag,
  noted: optional(isText),
});
