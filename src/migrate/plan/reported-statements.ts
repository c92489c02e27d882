import type { RunEvent } from '../contract/event.ts';
import { emptyHistory, type PartialStatement } from '../contract/history.ts';
import type { ComparisonOptions } from './compare.ts';
import type { Hashing } from '../contract/ports.ts';
import { compareByStatements, type ComparedBundle, type ReadStatements } from './what-changed.ts';

type ReportedHistory = Extract<RunEvent, { readonly kind: 'history' }>;

/** Hexadecimal digits of a fingerprint: enough to recognise an edited file. */
export const fingerprintLength = 16;

/** Of partly applied migrations only the id is reported. */
const started: Omit<PartialStatement, 'migration'> = {
  direction: 'up',
  ordinal: 0,
  count: 0,
  tag: '',
  hash: '',
  state: 'done',
  detail: '',
};

/** Compares the folder with a reported history. */
export function compareReported(
  bundle: ComparedBundle,
  reported: ReportedHistory,
  hashing: Hashing,
  options: ComparisonOptions,
) {
  const partial = reported.partial.map((migration) => ({ ...started, migration }));
  const history = { ...emptyHistory, rows: reported.rows, partial };
  return compareByStatements(bundle, history, { ...options, recorded: reportedStatements(reported, hashing) });
}

/** The statements of the rows of a reported history, for use without access to the database. */
export function reportedStatements(
  { rows, fingerprints = [], now }: ReportedHistory,
  hashing: Hashing,
): ReadStatements {
  const listed = new Map((now?.edited ?? []).map(({ seq, statements }) => [seq, statements]));
  const reported = new Map(rows.map(({ seq }, index) => [seq, fingerprints[index]]));
  return (seq) => {
    const statements = listed.get(seq);
    if (statements !== undefined) return Promise.resolve(statements);
    const fingerprint = reported.get(seq);
    if (fingerprint === undefined || fingerprint === '') return Promise.resolve(fingerprint === '' ? [] : undefined);
    return Promise.resolve(
      (hashes) => hashing.sha256().update(hashes.join(' ')).hex().slice(0, fingerprintLength) === fingerprint,
    );
  };
}
