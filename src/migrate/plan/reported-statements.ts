import type { RunEvent } from '../contract/event.ts';
import { emptyHistory, type PartialStatement } from '../contract/history.ts';
import type { JudgingTerms } from './compare.ts';
import type { Hashing } from '../contract/ports.ts';
import { compareByStatements, type Compared, type ReadStatements } from './what-changed.ts';

type HistoryTold = Extract<RunEvent, { readonly kind: 'history' }>;

/** Hexadecimal digits of a fingerprint: enough to tell an edited file from one that was not. */
export const fingerprintLength = 16;

/** Of what stands in part only the migration is told. */
const begun: Omit<PartialStatement, 'migration'> = {
  direction: 'up',
  ordinal: 0,
  count: 0,
  tag: '',
  hash: '',
  state: 'done',
  detail: '',
};

/** The folder held against a history that was told. */
export function compareTold(bundle: Compared, told: HistoryTold, hashing: Hashing, terms: JudgingTerms) {
  const partial = told.partial.map((migration) => ({ ...begun, migration }));
  const history = { ...emptyHistory, rows: told.rows, partial };
  return compareByStatements(bundle, history, { ...terms, recorded: toldStatements(told, hashing) });
}

/** What a history that was told says of the statements of its rows, where the database itself is not at hand. */
export function toldStatements({ rows, fingerprints = [] }: HistoryTold, hashing: Hashing): ReadStatements {
  const told = new Map(rows.map(({ seq }, index) => [seq, fingerprints[index]]));
  return (seq) => {
    const fingerprint = told.get(seq);
    if (fingerprint === undefined || fingerprint === '') return Promise.resolve(fingerprint === '' ? [] : undefined);
    return Promise.resolve(
      (hashes) => hashing.sha256().update(hashes.join(' ')).hex().slice(0, fingerprintLength) === fingerprint,
    );
  };
}
