import { ok, type Outcome } from '../../../kit/outcome.ts';
import { quoteLiteral } from '../../../sql/quote.ts';
import type { Hashing, Session, AnswerRow } from '../../contract/ports.ts';
import { serverFault } from '../../contract/server-fault.ts';
import type { BaselineReplay } from './baseline-rows.ts';
import { createChainLinks, type ChainLinks } from './chain-links.ts';
import { eventBody, type EventBody } from './event-body.ts';
import { alteredMigrations, migrationsOf, recordedKinds, type RecordedEvent } from './migration-rows.ts';
import type { KeptReplay, PrunedReplay } from './pruned-runs.ts';
import { readInParts } from './read-in-parts.ts';
import { alteredAttempt, alteredRun, runColumns, storedRun, isComplete, type StoredRun } from './run-rows.ts';

/** One run's chain, and the differences of its rows from it. */
interface CheckedRun {
  readonly run: string;
  readonly events: number;
  readonly flaws: readonly string[];
  /** The run that has pruned its events. */
  readonly prunedBy?: string;
}

/** What is held of a run until all chains are read. */
interface ReadRun {
  readonly stored: StoredRun;
  readonly events: number;
  readonly whole: boolean;
  readonly flaws: readonly string[];
  /** Its migrations, if it has no events: the chain of another run covers them. */
  readonly without?: readonly AnswerRow[];
}

/** All requested runs. */
export interface CheckedRuns {
  readonly runs: readonly CheckedRun[];
  /** The first run whose events have everything that its row shows; empty: none. */
  readonly wholeFrom: string;
  /** True: events of earlier runs contain less. */
  readonly partly: boolean;
}

/** What is held of a run while its events are read. */
interface Reading {
  readonly stored: StoredRun;
  readonly links: ChainLinks;
  readonly recorded: RecordedEvent[];
  /** What events say about stored down files. */
  readonly downs: EventBody[];
  readonly migrations: AnswerRow[];
  started?: EventBody;
  ended?: EventBody;
}

const runsAtOnce = 100;

/**
 * Recomputes the chain of each run and compares the run's row, and those of its migrations with their statements, with
 * what its events say.
 *
 * @param options `subject`: a run's id or its beginning, empty for all; `none`: digests of an empty list of statements
 */
export async function verifyRuns(
  session: Session,
  options: {
    readonly hashing: Hashing;
    readonly subject: string;
    readonly none: ReadonlySet<string>;
    readonly baseline: BaselineReplay;
    readonly pruned: PrunedReplay;
    /** Version of the schema. */
    readonly version: number;
  },
): Promise<Outcome<CheckedRuns>> {
  const readings: ReadRun[] = [];
  const carried = new Map<string, EventBody>();
  // The chain of the run that pruned it covers a pruned run.
  const pruners = `(select pruned_by from godwit.pruned where run like ${startsWith(options.subject)})`;
  const asked = `(r.run like ${startsWith(options.subject)}${options.version > 2 ? ` or r.run in ${pruners}` : ''})`;
  let last = '';
  for (;;) {
    const part = new Map<string, Reading>();
    const runs = await session.send(
      `select ${runColumns(options.version)} from godwit.run r where ${asked} and r.run > ${quoteLiteral(last)} order by r.run limit ${runsAtOnce}`,
      { rows: 'all' },
    );
    if (!runs.ok) return { ok: false, findings: [serverFault(runs.error)] };
    for (const row of runs.results[0]?.rows ?? []) {
      const stored = storedRun(row);
      part.set(stored.run, {
        stored,
        links: createChainLinks(options.hashing, stored.run),
        recorded: [],
        downs: [],
        migrations: [],
      });
    }
    if (part.size === 0) break;
    const read = await readEvents(session, part, { ...options, carried });
    if (!read.ok) return read;
    for (const reading of part.values())
      readings.push({
        stored: reading.stored,
        events: reading.links.taken,
        whole: isComplete(reading),
        flaws: flawsOf(reading, options.none),
        ...(reading.links.taken === 0 && reading.stored.events > 0 ? { without: reading.migrations } : {}),
      });
    last = [...part.keys()].at(-1) ?? '';
  }
  const reported = readings.map((reading) => withoutEvents(reading, options));
  return ok(checkedRuns(reported, carried, options.subject === '' && options.version > 1));
}

function startsWith(subject: string): string {
  return quoteLiteral(`${subject.replaceAll(/[\\%_]/g, String.raw`\$&`)}%`);
}

async function readEvents(
  session: Session,
  part: ReadonlyMap<string, Reading>,
  {
    carried,
    baseline,
    pruned,
    version,
  }: {
    readonly carried: Map<string, EventBody>;
    readonly baseline: BaselineReplay;
    readonly pruned: PrunedReplay;
    readonly version: number;
  },
): Promise<Outcome<void>> {
  const ids = [...part.keys()].map(quoteLiteral).join(', ');
  const read = await readInParts(
    session,
    (behind) =>
      `select run, n, kind, body, previous, hash from godwit.event where run in (${ids})${
        behind === undefined ? '' : ` and (run, n) > (${quoteLiteral(behind[0] ?? '')}, ${behind[1]})`
      } order by run, n`,
    ([run, n, kind, body, previous, hash]) => {
      const reading = part.get(run ?? '');
      if (reading === undefined) return;
      const event = { n: Number(n), kind: kind ?? '', body: body ?? '', previous: previous ?? '', hash: hash ?? '' };
      if (!reading.links.take(event)) return;
      const said = eventBody(event.body);
      if (event.kind === 'run') reading.started = said;
      else if (event.kind === 'finished') reading.ended = said;
      else if (event.kind === 'carried') carried.set(String(said['run']), said);
      else if (event.kind === 'described') baseline.take({ run: run ?? '', n: event.n, body: said });
      else if (event.kind.startsWith('pruned')) pruned.take({ run: run ?? '', kind: event.kind, body: said });
      else if (event.kind === 'down-kept') reading.downs.push(said);
      else if (recordedKinds.has(event.kind)) reading.recorded.push({ kind: event.kind, body: said });
    },
  );
  if (!read.ok) return read;
  return await readInParts(
    session,
    (behind) => migrationsOf(ids, behind, version),
    (row) => part.get(row[7] ?? '')?.migrations.push(row),
  );
}

/** A broken chain proves nothing about rows. */
function flawsOf(reading: Reading, none: ReadonlySet<string>): readonly string[] {
  const { stored, links, recorded, downs, migrations } = reading;
  const broken = links.broken(stored.events, stored.head);
  if (broken !== '') return [broken];
  const own = stored.events === 0 ? [] : alteredRun(stored, reading);
  return [...own, ...alteredMigrations(migrations, recorded, { none, downs })];
}

/** A pruned run is compared with the record of the run that pruned it. */
function withoutEvents(
  reading: ReadRun,
  { pruned, none }: { readonly pruned: PrunedReplay; readonly none: ReadonlySet<string> },
): ReadRun & { readonly prunedBy?: string } {
  const { stored, without } = reading;
  if (without === undefined) return reading;
  const replay: KeptReplay | undefined = pruned.keptOf(stored.run, { events: stored.events, head: stored.head });
  if (replay === undefined) return reading;
  const flaws = [
    ...alteredRun(stored, replay),
    ...alteredMigrations(without, replay.recorded, { none, downs: replay.downs }),
  ];
  return { ...reading, whole: isComplete(replay), flaws, prunedBy: replay.by };
}

function checkedRuns(
  readings: readonly (ReadRun & { readonly prunedBy?: string })[],
  carried: ReadonlyMap<string, EventBody>,
  all: boolean,
): CheckedRuns {
  const numbered = readings.filter(({ stored }) => stored.n !== null);
  const whole = numbered.filter((reading) => reading.whole).toSorted((a, b) => (a.stored.n ?? 0) - (b.stored.n ?? 0));
  const [first] = whole;
  const isLater = (n: number): boolean => first !== undefined && n > (first.stored.n ?? 0);
  const runs = readings.map(({ stored, events, whole: complete, flaws, prunedBy }) => {
    // An earlier attempt, which the chain of another run covers.
    if (stored.n === null && stored.events === 0)
      return {
        run: stored.run,
        events,
        flaws: all ? [...flaws, ...alteredAttempt(stored, carried.get(stored.run))] : flaws,
      };
    const short = flaws.length === 0 && !complete && stored.n !== null && isLater(stored.n);
    return {
      run: stored.run,
      events,
      flaws: short ? ['its first event is missing'] : flaws,
      ...(prunedBy === undefined ? {} : { prunedBy }),
    };
  });
  return {
    runs,
    wholeFrom: first?.stored.run ?? '',
    partly: numbered.some((reading) => !reading.whole),
  };
}
