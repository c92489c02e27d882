import type { Hashing } from '../../contract/ports.ts';
import { nextHead } from './head.ts';
import type { HistoryRow } from '../../contract/history-rows.ts';

/** What the chain of the history is made of: rows of godwit.migration with the head that each has stored. */
type ChainedRow = Pick<HistoryRow, 'seq' | 'kind' | 'id' | 'checksum'> & { readonly head: string };

/** Rows of the history, held against each other and, at the end, against the guard. */
export interface HistoryChain {
  /** The next row, in the order of `seq`. */
  take(row: ChainedRow): void;
  /** How many rows were taken, and what is wrong with them, in words. */
  against(guard: { readonly seq: number; readonly head: string }): {
    readonly migrations: number;
    readonly flaws: readonly string[];
  };
}

/**
 * Follows the chain of the history: a row that is gone, was edited or was put in another place does not fit to the next
 * one, and what is missing at the end does not fit to the guard.
 */
export function followHistory(hashing: Hashing): HistoryChain {
  const flaws: string[] = [];
  let last = 0;
  let head = '';
  let taken = 0;
  return {
    take({ seq, kind, id, checksum, head: stored }) {
      if (seq > last + 1) flaws.push(lostRows(last + 1, seq - 1));
      // Behind a gap the chain goes on from what this row says; and each altered row is told once.
      else if (nextHead(hashing, head, { kind, id, checksum }) !== stored)
        flaws.push(`migration ${id} (number ${seq}): kind, id, checksum or head were changed`);
      head = stored;
      last = seq;
      taken += 1;
    },
    against(guard) {
      const ends =
        guard.seq > last
          ? [`the guard counts ${countOf(guard.seq)}: the newest, from number ${last + 1} on, have lost their rows`]
          : guard.seq < last
            ? [`the guard counts ${countOf(guard.seq)}, the newest row has number ${last}`]
            : guard.head === head
              ? []
              : ['the head of the history, in godwit.guard, is not that of its newest row'];
      return { migrations: taken, flaws: [...flaws, ...ends] };
    },
  };
}

function lostRows(first: number, last: number): string {
  return first === last
    ? `migration number ${first} has lost its row`
    : `migrations number ${first} to ${last} have lost their rows`;
}

function countOf(count: number): string {
  return count === 1 ? '1 migration' : `${count} migrations`;
}
