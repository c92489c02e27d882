import type { Hashing } from '../../contract/ports.ts';

/** One event as it is stored. */
interface EventRow {
  readonly n: number;
  readonly kind: string;
  readonly body: string;
  readonly previous: string;
  readonly hash: string;
}

/** The links of one run's chain, checked one by one. */
export interface ChainLinks {
  readonly taken: number;
  /** Takes the next event; false: the chain is broken there or before, so its events prove nothing. */
  take(event: EventRow): boolean;
  /** What is wrong with the chain, as text, compared with the length and head in the run's row; empty: nothing. */
  broken(count: number, head: string): string;
}

/** Recomputes the chain of one run: each hash covers the previous hash, the run, the number, the kind and the body. */
export function createChainLinks(hashing: Hashing, run: string): ChainLinks {
  let previous = '';
  let taken = 0;
  let why = '';
  const flawOf = ({ n, kind, body, previous: reported, hash }: EventRow): string => {
    if (n !== taken) return `event ${taken} is missing`;
    if (reported !== previous) return `event ${n} does not follow the one before it`;
    const computed = hashing.sha256().update(`${previous}\n${run}\n${n}\n${kind}\n${body}`).hex();
    return computed === hash ? '' : `event ${n} (${kind}) was changed`;
  };
  return {
    get taken() {
      return taken;
    },
    take(event) {
      taken += 1;
      if (why === '') why = flawOf(event);
      previous = event.hash;
      return why === '';
    },
    broken(count, head) {
      if (why !== '') return why;
      if (taken !== count) return `${count} events were written, ${taken} exist`;
      return previous === head ? '' : 'the head of the chain was changed';
    },
  };
}
