import { ok, type Outcome } from '../../../kit/outcome.ts';
import type { Session } from '../../contract/ports.ts';
import type { Pruned } from '../../contract/pruning.ts';
import type { BaselineReplay } from './baseline-rows.ts';
import type { EventBody } from './event-body.ts';
import type { RecordedEvent } from './migration-rows.ts';
import { readInParts } from './read-in-parts.ts';

/** A pruned run, according to the chain of the run that pruned it. */
interface PrunedRun {
  readonly n: number;
  readonly events: number;
  readonly head: string;
  readonly gone: boolean;
  readonly by: string;
}

/** What remains of the events of a pruned run about its row and its migrations. */
export interface KeptReplay {
  readonly by: string;
  readonly started: EventBody;
  readonly ended?: EventBody;
  readonly recorded: readonly RecordedEvent[];
  /** What they said about stored down files. */
  readonly downs: readonly EventBody[];
}

/** The pruned runs according to the chains. */
export interface PrunedReplay {
  /** What was pruned, by which run, when; in chronological order. */
  readonly prunings: readonly Pruned[];
  /** Receives the events `pruned…`, in any order of runs. */
  take(event: { readonly run: string; readonly kind: string; readonly body: EventBody }): void;
  /** The record of a run whose row remains and whose chain had this length and head; undefined: it was not pruned. */
  keptOf(run: string, chain: { readonly events: number; readonly head: string }): KeptReplay | undefined;
  /** Compares with the rows of godwit.pruned; returns what differs, as text. */
  compare(session: Session): Promise<Outcome<readonly string[]>>;
}

/** Collects the pruned runs from the chains; what they say about the baseline is passed to `baseline`. */
export function createPrunedReplay(baseline: BaselineReplay): PrunedReplay {
  const pruned = new Map<string, PrunedRun>();
  const kept = new Map<string, KeptReplay>();
  const prunings: Pruned[] = [];
  return {
    get prunings() {
      return prunings.toSorted((a, b) => (a.at < b.at ? -1 : 1));
    },
    take({ run: by, kind, body }) {
      if (kind === 'pruned.runs')
        for (const [run, n, events, head, gone] of tuples(body['runs']))
          pruned.set(String(run), {
            n: Number(n),
            events: Number(events),
            head: String(head),
            gone: gone === true,
            by,
          });
      else if (kind === 'pruned.kept') kept.set(String(body['run']), keptReplay(body, by));
      else if (kind === 'pruned.baseline') reportBaseline(baseline, body);
      else prunings.push(pruningOf(by, body));
    },
    keptOf(run, { events, head }) {
      const known = pruned.get(run);
      return known !== undefined && !known.gone && known.events === events && known.head === head
        ? kept.get(run)
        : undefined;
    },
    async compare(session) {
      const flaws: string[] = [];
      const missing = new Set(pruned.keys());
      let gone = 0;
      const read = await readInParts(
        session,
        (last) =>
          `select run, n, events, event_head, gone, pruned_by from godwit.pruned where n > ${last?.[1] ?? '-1'} order by n`,
        ([run, ...row]) => {
          const reported = pruned.get(run ?? '');
          const isFirst = missing.delete(run ?? '');
          if (row[3] === 't') gone += 1;
          if (reported === undefined) flaws.push(`${shown(run)} was added: no run has pruned it`);
          else if (!isFirst) flaws.push(`${shown(run)} appears twice`);
          else if (JSON.stringify(rowOf(reported)) !== JSON.stringify(row))
            flaws.push(`${shown(run)} differs from what run ${reported.by} wrote`);
        },
      );
      if (!read.ok) return read;
      for (const run of missing)
        flaws.push(`${shown(run)} was removed: run ${pruned.get(run)?.by ?? ''} has pruned it`);
      const counted = await readInParts(
        session,
        () => 'select pruned from godwit.epoch',
        ([count]) => {
          if (Number(count) !== gone) flaws.push(`godwit.epoch counts ${count} pruned runs, and ${gone} were pruned`);
        },
      );
      return counted.ok ? ok(flaws) : counted;
    },
  };
}

function pruningOf(run: string, body: EventBody): Pruned {
  const count = (key: string): number => Number(body[key] ?? 0);
  const text = (key: string): string => (typeof body[key] === 'string' ? body[key] : '');
  const counts = { runs: count('runs'), gone: count('gone'), events: count('events') };
  const rest = { statements: count('statements'), attempts: count('attempts') };
  return { run, by: text('by'), at: text('at'), before: text('before'), ...counts, ...rest };
}

function keptReplay(body: EventBody, by: string): KeptReplay {
  const recorded = (Array.isArray(body['recorded']) ? body['recorded'] : []) as readonly RecordedEvent[];
  const downs = (Array.isArray(body['downs']) ? body['downs'] : []) as readonly EventBody[];
  const ended = asBody(body['ended']);
  return { by, started: asBody(body['begun']) ?? {}, ...(ended === undefined ? {} : { ended }), recorded, downs };
}

/** Rebuilds the removed events: each object with its run, epoch and number. */
function reportBaseline(baseline: BaselineReplay, body: EventBody): void {
  for (const [kind, name, digest, run, epoch, n] of tuples(body['objects']))
    baseline.take({ run: String(run), n: Number(n), body: { epoch, objects: [[kind, name, digest]] } });
  for (const [run, ...former] of tuples(body['formers']))
    baseline.take({ run: String(run), n: 0, body: { former, objects: [] } });
  const { anew } = body;
  if (Array.isArray(anew)) baseline.take({ run: '', n: Number(anew[1]), body: { epoch: anew[0], anew: 'major' } });
}

function rowOf({ n, events, head, gone, by }: PrunedRun): readonly string[] {
  return [String(n), String(events), head, gone ? 't' : 'f', by];
}

function shown(run: string | null | undefined): string {
  return `the note that run ${run ?? ''} was pruned`;
}

function tuples(value: unknown): readonly (readonly unknown[])[] {
  return Array.isArray(value) ? value.filter((entry): entry is readonly unknown[] => Array.isArray(entry)) : [];
}

function asBody(value: unknown): EventBody | undefined {
  return typeof value === 'object' && value !== null ? (value as EventBody) : undefined;
}
