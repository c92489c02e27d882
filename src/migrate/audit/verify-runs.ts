import { good, type Outcome } from '../../kit/outcome.ts';
import { quoteLiteral } from '../../sql/quote.ts';
import type { Hashing, Session } from '../ports.ts';
import { serverFault } from '../server-fault.ts';
import type { BaselineStory } from './baseline-rows.ts';
import { createChainLinks, type ChainLinks } from './chain-links.ts';
import { eventBody, type EventBody } from './event-body.ts';
import { alteredMigrations, migrationsOf, recordedKinds, type RecordedEvent } from './migration-rows.ts';
import { readInParts, type Row } from './read-in-parts.ts';
import { alteredAttempt, alteredRun, runColumns, storedRun, tellsAll, type StoredRun } from './run-rows.ts';

/** One run's chain, and what of its rows differs from it. */
interface CheckedRun {
  readonly run: string;
  readonly events: number;
  readonly flaws: readonly string[];
}

/** All runs asked for. */
export interface CheckedRuns {
  readonly runs: readonly CheckedRun[];
  /** The first run whose events have all that its row shows; empty: none has. */
  readonly wholeFrom: string;
  /** True: runs before that one have events with less. */
  readonly partly: boolean;
}

/** What is kept of a run while its events go by. */
interface Reading {
  readonly stored: StoredRun;
  readonly links: ChainLinks;
  readonly recorded: RecordedEvent[];
  readonly migrations: Row[];
  begun?: EventBody;
  ended?: EventBody;
}

const runsAtOnce = 100;

/**
 * Recomputes the chain of each run and compares the run's row, and those of its migrations with their statements, with
 * what its events say.
 *
 * @param terms `subject`: a run's id or its beginning, empty for all; `none`: digests that stand for no statements
 */
export async function verifyRuns(
  session: Session,
  terms: {
    readonly hashing: Hashing;
    readonly subject: string;
    readonly none: ReadonlySet<string>;
    readonly baseline: BaselineStory;
    /** Of the schema. */
    readonly version: number;
  },
): Promise<Outcome<CheckedRuns>> {
  const readings: {
    readonly stored: StoredRun;
    readonly events: number;
    readonly whole: boolean;
    flaws: readonly string[];
  }[] = [];
  const carried = new Map<string, EventBody>();
  let last = '';
  for (;;) {
    const part = new Map<string, Reading>();
    const runs = await session.send(
      `select ${runColumns(terms.version)} from godwit.run r where r.run like ${startsWith(terms.subject)} and r.run > ${quoteLiteral(last)} order by r.run limit ${runsAtOnce}`,
      { rows: 'all' },
    );
    if (!runs.ok) return { ok: false, findings: [serverFault(runs.error)] };
    for (const row of runs.results[0]?.rows ?? []) {
      const stored = storedRun(row);
      part.set(stored.run, {
        stored,
        links: createChainLinks(terms.hashing, stored.run),
        recorded: [],
        migrations: [],
      });
    }
    if (part.size === 0) break;
    const read = await readEvents(session, part, { ...terms, carried });
    if (!read.ok) return read;
    for (const reading of part.values())
      readings.push({
        stored: reading.stored,
        events: reading.links.taken,
        whole: tellsAll(reading),
        flaws: flawsOf(reading, terms.none),
      });
    last = [...part.keys()].at(-1) ?? '';
  }
  return good(conclude(readings, carried, terms.subject === '' && terms.version > 1));
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
    version,
  }: { readonly carried: Map<string, EventBody>; readonly baseline: BaselineStory; readonly version: number },
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
      if (event.kind === 'run') reading.begun = said;
      else if (event.kind === 'finished') reading.ended = said;
      else if (event.kind === 'carried') carried.set(String(said['run']), said);
      else if (event.kind === 'described') baseline.take({ run: run ?? '', n: event.n, body: said });
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

/** A broken chain proves nothing of rows. */
function flawsOf(reading: Reading, none: ReadonlySet<string>): readonly string[] {
  const { stored, links, recorded, migrations } = reading;
  const broken = links.broken(stored.events, stored.head);
  if (broken !== '') return [broken];
  const own = stored.events === 0 ? [] : alteredRun(stored, reading);
  return [...own, ...alteredMigrations(migrations, recorded, none)];
}

function conclude(
  readings: readonly {
    readonly stored: StoredRun;
    readonly events: number;
    readonly whole: boolean;
    readonly flaws: readonly string[];
  }[],
  carried: ReadonlyMap<string, EventBody>,
  all: boolean,
): CheckedRuns {
  const numbered = readings.filter(({ stored }) => stored.n !== null);
  const whole = numbered.filter((reading) => reading.whole).toSorted((a, b) => (a.stored.n ?? 0) - (b.stored.n ?? 0));
  const [first] = whole;
  const isLater = (n: number): boolean => first !== undefined && n > (first.stored.n ?? 0);
  const runs = readings.map(({ stored, events, whole: tells, flaws }) => {
    // An earlier attempt, whose story is in the chain of another run.
    if (stored.n === null && stored.events === 0)
      return {
        run: stored.run,
        events,
        flaws: all ? [...flaws, ...alteredAttempt(stored, carried.get(stored.run))] : flaws,
      };
    const short = flaws.length === 0 && !tells && stored.n !== null && isLater(stored.n);
    return { run: stored.run, events, flaws: short ? ['its first event is not there'] : flaws };
  });
  return {
    runs,
    wholeFrom: first?.stored.run ?? '',
    partly: numbered.some((reading) => !reading.whole),
  };
}
