import { keyOfName, type ObjectName } from '../../contract/catalogue-object.ts';
import type { Finding } from '../../../kit/finding.ts';
import { fault } from '../../../kit/fault.ts';
import { err, ok, type Outcome } from '../../../kit/outcome.ts';
import { rowStatements } from '../../read/row-statements.ts';
import { installHistory } from '../../runner/history/install.ts';
import type { Migration } from '../../contract/model.ts';
import type { Bundle, Session } from '../../contract/ports.ts';
import type { Rehearsal } from '../rehearsal.ts';
import { rehearse } from '../rehearse.ts';
import type { ApplyTask } from '../../contract/task.ts';
import { differentWords } from '../../runner/verify/word-difference.ts';
import { pairsOf, type DescribedObject } from './draft-object.ts';
import { draftOf } from './draft.ts';
import { draftText, gapsOf, changesElsewhere } from './draft-text.ts';
import { readSnapshot, type Snapshot } from './snapshot.ts';

/** What a draft is made for. */
export interface RehearseDraftOptions {
  readonly bundle: Bundle;
  readonly migration: Migration;
  readonly major: number;
  /** The role that runs the migrations on the throwaway server. */
  readonly owner: string;
  /** The same migrations, the last one with this text as its down file. */
  withDown(text: string): Promise<Bundle>;
  nextRun(): string;
  readonly signal?: AbortSignal;
}

/** An object that is not as before once the draft has run. */
interface Unproven extends ObjectName {
  readonly why: string;
}

/** A proposed down file, and the verdict of a throwaway server on it. */
export interface RehearsedDraft {
  readonly text: string;
  /** What the reader must complete: rows, and whatever PostgreSQL cannot undo. */
  readonly gaps: readonly string[];
  /** Objects that the migration created, changed or dropped, without the parts of new and dropped ones. */
  readonly objects: number;
  readonly unproven: readonly Unproven[];
  /** Why it failed. */
  readonly failed?: Finding;
}

/**
 * Runs the migrations up to this one on a throwaway server, drafts the down file from what that server reports about
 * the last one, runs the draft as its down file, and compares every object with what it was before.
 */
export async function rehearseDraft(
  rehearsal: Rehearsal,
  options: RehearseDraftOptions,
): Promise<Outcome<RehearsedDraft>> {
  const opened = await rehearsal.open();
  if (!opened.ok) return opened;
  try {
    return await draftWith(rehearsal, opened.value, options);
  } finally {
    await opened.value.close();
  }
}

async function draftWith(
  rehearsal: Rehearsal,
  session: Session,
  options: RehearseDraftOptions,
): Promise<Outcome<RehearsedDraft>> {
  const { bundle, migration } = options;
  const installed = await installHistory(session, 0, 'local');
  if (!installed.ok) return installed;
  const previous = bundle.migrations[bundle.migrations.indexOf(migration) - 1];
  const before = await stateAfter(rehearsal, session, { ...options, through: previous });
  if (!before.ok) return before;
  const after = await stateAfter(rehearsal, session, { ...options, through: migration });
  if (!after.ok) return after;
  const objects = pairsOf(before.value.objects, after.value.objects);
  const lines = draftOf({ objects, needs: after.value.needs, owner: options.owner });
  const analysis = await bundle.analysis(migration, 'up');
  if (!analysis.ok) return analysis;
  const rows = await rowStatements(analysis.value, await bundle.body(migration, 'up'));
  const reported = { rows, elsewhere: analysis.value.statements.filter(changesElsewhere) };
  const gaps = gapsOf(lines, reported);
  if (!lines.some((line) => 'sql' in line)) return err(nothing(migration, gaps));

  const text = draftText(lines, { version: migration.id, file: migration.up.file, ...reported });
  let failed: Finding | undefined;
  const exitCode = await rehearsal.perform(downTask(options), await options.withDown(text), (event) => {
    if (event.kind === 'migration.failed') failed = event.finding;
    if (event.kind === 'finding' && event.finding.severity === 'error') failed ??= event.finding;
  });
  if (options.signal?.aborted === true) return err(interrupted());
  const end = await readSnapshot(session);
  if (!end.ok) return end;
  return ok({
    text,
    gaps,
    ...compare(before.value, after.value, end.value),
    ...(exitCode === 0 ? {} : { failed: failed ?? fault('statement-failed') }),
  });
}

async function stateAfter(
  rehearsal: Rehearsal,
  session: Session,
  options: RehearseDraftOptions & { readonly through: Migration | undefined },
): Promise<Outcome<Snapshot>> {
  const { bundle, major, signal, through } = options;
  if (through !== undefined) {
    const surroundings = { schema: 'public', extensions: [] };
    const ran = await rehearse(rehearsal, bundle, {
      major,
      through: through.id,
      surroundings,
      nextRun: () => options.nextRun(),
      ...(signal === undefined ? {} : { signal }),
    });
    if (!ran.ok) return ran;
    if (ran.value.stopped !== undefined) return err(notRehearsed(ran.value.stopped.finding));
  }
  return await readSnapshot(session);
}

function notRehearsed(finding: Finding): Finding {
  const { where, why } = finding;
  return fault('draft-not-rehearsed', { why, ...(where === undefined ? {} : { where }) });
}

function interrupted(): Finding {
  return fault('interrupted', { why: 'Cancelled during the rehearsal; nothing was changed.' });
}

function nothing({ up }: Migration, gaps: readonly string[]): Finding {
  const { why } = fault('draft-empty');
  return fault('draft-empty', { why: [why, ...gaps].join(' '), where: { file: up.file } });
}

function downTask(options: RehearseDraftOptions): ApplyTask {
  return {
    kind: 'apply',
    run: options.nextRun(),
    environment: { name: 'local', protected: false },
    actor: { by: 'rehearsal', from: '', commit: '', tool: '' },
    command: 'down',
    selection: { direction: 'down', only: [options.migration.id], outOfOrder: true },
    how: 'execute',
    consent: { approved: true, destroyRows: true, checkpointPolicy: 'never' },
    // The rows of a rehearsal need no protection.
    lose: Number.MAX_SAFE_INTEGER,
    verification: { enabled: false, strict: false, triggers: 'inspect' },
    waitMs: 0,
    onDisconnect: 'cancel',
    earlier: [],
  };
}

/**
 * How many objects the migration wrote, and which differ from before; they are matched by name, because some were
 * recreated.
 */
function compare(before: Snapshot, after: Snapshot, end: Snapshot): Pick<RehearsedDraft, 'objects' | 'unproven'> {
  const [was, made, is] = [byName(before), byName(after), byName(end)];
  const unproven: Unproven[] = [];
  let objects = 0;
  for (const key of new Set([...was.keys(), ...made.keys(), ...is.keys()])) {
    const [old, between, now] = [was.get(key), made.get(key), is.get(key)];
    const why = differenceOf(old, now);
    const touched = differenceOf(old, between) !== undefined && !isWithin(old, between, before, after);
    if (touched || why !== undefined) objects += 1;
    const object = old ?? now;
    if (why !== undefined && object !== undefined) unproven.push({ kind: object.kind, name: object.name, why });
  }
  return { objects, unproven };
}

/** A part of what was created or dropped along with it. */
function isWithin(
  old: DescribedObject | undefined,
  made: DescribedObject | undefined,
  before: Snapshot,
  after: Snapshot,
): boolean {
  const object = old ?? made;
  if (object === undefined || object.home === object.id || (old !== undefined && made !== undefined)) return false;
  const other = old === undefined ? before : after;
  return !other.objects.some(({ id }) => id === object.home);
}

/** Objects that differ between two databases, as text. */
export function differentObjects(before: Snapshot, after: Snapshot): readonly string[] {
  const [was, is] = [byName(before), byName(after)];
  return [...new Map([...was, ...is])].flatMap(([key, { kind, name }]) => {
    const why = differenceOf(was.get(key), is.get(key));
    return why === undefined ? [] : [`${kind} ${name}: ${was.has(key) ? why : 'no original file makes it'}`];
  });
}

type ByName = ReadonlyMap<string, DescribedObject>;

function byName({ objects }: Snapshot): ByName {
  return new Map(objects.map((object) => [keyOfName(object), object]));
}

function differenceOf(was: DescribedObject | undefined, is: DescribedObject | undefined): string | undefined {
  if (was === undefined) return is === undefined ? undefined : 'it is still there';
  if (is === undefined) return 'it is missing';
  const [difference] = differentWords(was.words, is.words);
  if (difference === undefined) return undefined;
  const text = (part: string): string => (part === '' ? 'not set' : part);
  return `${difference.part}: ${text(difference.is)}; before: ${text(difference.was)}`;
}
