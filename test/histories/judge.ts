import type { Finding } from '../../src/kit/finding.ts';
import type { Check } from '../../src/migrate/contract/model.ts';
import type { Difference, Snapshot } from './snapshot.ts';

/** Something that a command complained about: a failing check or a finding that is more than a note. */
export interface Complaint {
  readonly severity: 'error' | 'warning';
  /** Kind of the check, or code of the finding. */
  readonly kind: string;
  readonly object: string;
  readonly text: string;
  readonly file: string;
  readonly line: number;
}

/** All that is more than a note. */
export function complaintsOf(checks: readonly Check[], findings: readonly Finding[]): readonly Complaint[] {
  const ofChecks = checks.flatMap((check) =>
    check.ok || check.severity === 'note' || isBrokenView(check)
      ? []
      : [
          {
            severity: check.severity,
            kind: check.kind,
            object: check.object,
            text: `expected ${check.expected}, found ${check.actual}`,
            file: check.where.file,
            line: check.where.line ?? 0,
          },
        ],
  );
  const told = new Set(ofChecks.map(({ file, line }) => `${file}:${line}`));
  const ofFindings = findings.flatMap((finding) =>
    told.has(`${finding.where?.file ?? ''}:${finding.where?.line ?? 0}`) || /^(verif|drift|check)/.test(finding.code)
      ? []
      : asComplaint(finding),
  );
  return [...ofChecks, ...ofFindings];
}

/** None if it is only a note. */
export function asComplaint({ code, severity, why, where }: Finding): readonly Complaint[] {
  if (severity === 'note') return [];
  return [{ severity, kind: code, object: '', text: why, file: where?.file ?? '', line: where?.line ?? 0 }];
}

/** A view that selects from itself is taken by CREATE OR REPLACE, and fails for everybody who asks it. */
export function isBrokenView({ kind, actual }: Check): boolean {
  return kind === 'view-query' && actual.includes('infinite recursion');
}

/** How a difference has to be treated by `verify`. */
type Weight = 'fails' | 'warns' | 'may be told' | 'is nobody’s business';

/** Which transactions were others', and which rows the runs wrote behind them. */
export interface Whose {
  /** Of the database with the runs: transactions of others' changes. */
  readonly others: ReadonlySet<number>;
  /** Of the database with the files alone: rows written later than this were made anew behind the first change of others. */
  readonly border: number;
}

/** What `verify` owes this difference. */
export function weightOf({ how, entry, found }: Difference, expected: Snapshot, { others, border }: Whose): Weight {
  if (entry.kind === 'tuning') return 'may be told';
  const isOurs = entry.part !== '' && hasRelation(expected, entry.part);
  if (how === 'added') {
    if (!isOurs)
      return entry.part === '' && entry.kind !== 'comment' ? 'is nobody’s business' : isTheirs(entry.part, expected);
    return others.has(found?.xmin ?? 0) && entry.kind !== 'grant' ? 'warns' : 'may be told';
  }
  if (how === 'missing') return entry.xmin >= border ? 'may be told' : 'fails';
  const at = found?.xmin ?? 0;
  const first = Math.min(...others);
  return others.has(at) || at < first ? 'fails' : 'may be told';
}

function isTheirs(part: string, expected: Snapshot): Weight {
  return part === '' || hasRelation(expected, part) ? 'may be told' : 'is nobody’s business';
}

function hasRelation(snapshot: Snapshot, name: string): boolean {
  return owners.some((kind) => snapshot.has(`${kind} ${name}`));
}

const owners = ['table', 'view', 'matview', 'sequence', 'composite', 'foreign table', 'function', 'type', 'schema'];

/** Differences that must be told and are not: neither themselves nor as part of something that is gone. */
export function untold(list: readonly Difference[], complaints: readonly Complaint[]): readonly Difference[] {
  const lost = list.flatMap((one) => (one.how === 'missing' && isTold(one, complaints) ? [one.entry] : []));
  const gone = lost.filter(({ kind }) => owners.includes(kind));
  const covered = ({ entry }: Difference): boolean =>
    gone.some(({ name }) => name === entry.part) ||
    // A cast is named by its types.
    (entry.kind === 'cast' && gone.some(({ name }) => entry.name.includes(name))) ||
    (entry.kind === 'comment' &&
      (gone.some(({ name }) => entry.name.includes(name)) || lost.some((part) => isCommentOnPart(entry.name, part))));
  return list.filter((one) => !covered(one) && !isTold(one, complaints));
}

/** Does one of these name it? */
export function isTold(difference: Difference, complaints: readonly Complaint[]): boolean {
  return complaints.some((complaint) => isAbout(complaint, difference));
}

/** `table constraint c on public.t` or `index public.i`, where that is gone itself. */
function isCommentOnPart(name: string, { kind, own, part }: Difference['entry']): boolean {
  const isNamed = name.startsWith(`${kind} `) || (part !== '' && names(name, part.replaceAll('"', '')));
  return kind !== 'comment' && isNamed && names(name, own);
}

/** Complaints that no difference explains. */
export function unfounded(list: readonly Difference[], complaints: readonly Complaint[]): readonly Complaint[] {
  return complaints.filter((complaint) => !list.some((one) => isAbout(complaint, one) || isAboutWhole(complaint, one)));
}

function isAbout({ object, text }: Complaint, { entry }: Difference): boolean {
  // A comment's name is that of its object with the kind in front.
  if (entry.kind === 'comment' && object !== '') return text.includes('comment') && isCommentOn(entry.name, object);
  // The server writes `(a AS b)`, the snapshot `a as b`.
  if (entry.kind === 'cast') return object.replace(' AS ', ' as ') === `(${entry.name})`;
  return names(object, entry.own) || names(text, entry.own);
}

function isAboutWhole({ object }: Complaint, { entry }: Difference): boolean {
  return entry.part !== '' && object.replaceAll('"', '') === entry.part.replaceAll('"', '');
}

/** `table public.t`, or `constraint c on public.t`, which a check names as `public.t.c`. */
function isCommentOn(name: string, object: string): boolean {
  const plain = object.replaceAll('"', '');
  const [, home] = / on (.+)$/.exec(name) ?? [];
  return home === undefined ? names(name, plain) : names(plain, home.replaceAll('"', ''));
}

/** Does the text name it, not as a part of another word? */
export function names(text: string, name: string): boolean {
  const plain = text.replaceAll('"', '');
  const word = name.replaceAll(/[.*+?^${}()|[\]\\]/g, '\\$&');
  return new RegExp(`(?<![\\p{L}\\p{N}_])${word}(?![\\p{L}\\p{N}_])`, 'u').test(plain);
}
