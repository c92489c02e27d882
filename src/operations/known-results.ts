import type { LedgerEntry } from '../migrate/contract/engine.ts';
import type { RunEvent } from '../migrate/contract/event.ts';
import { isChange } from '../migrate/contract/task.ts';
import { momentOf, withKnownEnds } from './known-ends.ts';
import type { Project } from '../project/open.ts';
import { isOfAnother } from './other-database.ts';
import type { KnownResult, Question } from './questions.ts';
import { isDeserted, type Remote } from '../project/remote.ts';

/** What is known without querying the database. */
export interface Knowledge {
  readonly known?: KnownResult;
  /** A run that changes the environment and is not known to have ended. */
  readonly underWay?: LedgerEntry;
  /** True: a controller of this machine died, and neither the end of its run is written nor its job removed. */
  readonly deserted?: true;
}

/** How many attempts are read: failed ones contain no answer, and each costs a request. */
const mostLooked = 8;
const nothingChanged: ReadonlySet<string> = new Set(['refused', 'unreachable', 'busy', 'nothing-to-do']);

/**
 * Finds the newest complete answer to a question, from any machine, in the ledger and the log. An answer does not count
 * if any machine has changed the database since, or if it comes from another place, where the environment was before
 * its configuration changed. A run without a known end may change the database at any time, however long ago it
 * started.
 */
export async function newestKnown(project: Project, question: Question): Promise<Knowledge> {
  const { remote, environment } = project;
  if (remote === undefined) return {};
  const listed = (await project.ledger.list(environment.name)).filter((entry) => isHere(remote, entry));
  // A run that the list lacks may have changed the database.
  const isAnswerable = question.lasting === true || project.ledger.isWhole?.() !== false;
  const knowledge = isAnswerable ? await newestIn(project, { remote, listed, question }) : {};
  return listed.some(isLeft) ? { ...knowledge, deserted: true } : knowledge;
}

function isLeft(entry: LedgerEntry): boolean {
  return entry.finishedAt === undefined && entry.execution !== undefined && isDeserted(entry);
}

interface Listed {
  readonly remote: Remote;
  readonly listed: readonly LedgerEntry[];
  readonly question: Question;
}

async function newestIn(project: Project, { remote, listed, question }: Listed): Promise<Knowledge> {
  const entries = question.lasting === true ? listed : await withKnownEnds(remote, listed);
  const open =
    question.lasting === true ? [] : entries.filter((entry) => entry.finishedAt === undefined && changes(entry));
  const underWay = open.find((entry) => !isDeserted(entry));
  // The job of such a run may still be running, or may have ended unnoticed: only the database knows.
  if (open.some(isDeserted)) return withUnderWay(underWay);
  let looked = 0;
  for (const entry of entries) {
    if ((looked += question.accepts(entry) ? 1 : 0) > mostLooked) break;
    const reported = await reportedBy(project, remote, { entry, question });
    // The URL leads to the database of another environment now; only a query can show that this has changed.
    if (reported === 'of another database') {
      if (question.lasting === true) continue;
      break;
    }
    if (reported !== undefined && (question.lasting === true || !changedSince(entries, reported)))
      return { known: reported, ...withUnderWay(underWay) };
    if (reported !== undefined) break;
    if (question.lasting !== true && changes(entry) && entry.finishedAt !== undefined) break;
  }
  return withUnderWay(underWay);
}

/** Says whether an attempt was executed where the environment is now. */
function isHere({ place }: Remote, entry: LedgerEntry): boolean {
  return entry.place === place;
}

function withUnderWay(underWay: LedgerEntry | undefined): Knowledge {
  return underWay === undefined ? {} : { underWay };
}

async function reportedBy(
  project: Project,
  remote: Remote,
  { entry, question }: { readonly entry: LedgerEntry; readonly question: Question },
): Promise<KnownResult | 'of another database' | undefined> {
  if (!question.accepts(entry) || entry.outcome === 'unreachable') return undefined;
  const events = await remote.said(entry);
  if (events === undefined) return undefined;
  if (isOfAnother(events)) return 'of another database';
  if (!events.some(({ kind }) => kind === question.answer)) return undefined;
  if (question.isFinal?.(events) === false || !isOfPinned(project, events)) return undefined;
  const asOf = momentOf(events);
  return asOf === undefined ? undefined : { run: entry.run, by: entry.by, command: entry.command, asOf, events };
}

/** Says whether an answer is of the database that this environment is pinned to. */
function isOfPinned({ pinned }: Project, events: readonly RunEvent[]): boolean {
  const id = events.findLast((event) => event.kind === 'identity')?.environmentId ?? '';
  return pinned === undefined || id === '' || id === pinned.id;
}

/** Says whether this attempt may have changed the database. */
function changes({ kind, outcome, recorded, applied }: LedgerEntry): boolean {
  if (!isChange(kind ?? 'apply')) return false;
  // An adoption that was refused part-way has recorded what it had proven before; without a number, it may have.
  return recorded || applied !== 0 || !nothingChanged.has(outcome ?? '');
}

/** Says whether the database was changed after the answer, by the clocks of log and runner, not of a controller. */
function changedSince(entries: readonly LedgerEntry[], known: KnownResult): boolean {
  return entries.some((entry) => {
    const end = entry.noted ?? entry.finishedAt;
    return entry.run !== known.run && changes(entry) && entry.finishedAt !== undefined && (end ?? '') > known.asOf;
  });
}
