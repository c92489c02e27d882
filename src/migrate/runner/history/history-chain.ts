import type { Hashing } from '../../contract/ports.ts';
import { nextHead } from './head.ts';
import type { HistoryRow } from '../../contract/history-rows.ts';

/** A link of the history's chain: a row of godwit.migration with its stored head. */
type ChainedRow = Pick<HistoryRow, 'seq' | 'kind' | 'id' | 'checksum'> & { readonly head: string };

/** Checks rows of the history against each other and, at the end, against the guard. */
export interface HistoryChain {
  /** The next row, in the order of `seq`. */
  take(row: ChainedRow): void;
  /** How many rows were checked, and what is wrong with them, as text. */
  against(guard: { readonly seq: number; readonly head: string }): {
    readonly migrations: number;
    readonly flaws: readonly string[];
  };
}

/**
 * Checks the chain of the history: a row that was removed, edited or moved does not match the next one, and rows
 * missing at the end do not match the guard.
 */
export function followHistory(hashing: Hashing): HistoryChain {
  const flaws: string[] = [];
  let last = 0;
  let head = '';
  let taken = 0;
  return {
    take({ seq, kind, id, checksum, head: stored }) {
      if (seq > last + 1) flaws.push(lostRows(last + 1, seq - 1));
      // After a gap the chain continues from the head of this row; each altered row is reported once.
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
