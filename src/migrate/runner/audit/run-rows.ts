import { differences, type EventBody, type ReportedColumn } from './event-body.ts';
import { utc } from './read-in-parts.ts';
import type { AnswerRow } from '../../contract/ports.ts';

/** The part of a row of godwit.run that is shown to people. */
export interface StoredRun {
  readonly run: string;
  /** Its number among all runs; null: an attempt that a later run has carried over. */
  readonly n: number | null;
  readonly events: number;
  readonly head: string;
  /** The columns that are repeated in the event at its beginning, and in the one at its end. */
  readonly started: readonly ReportedColumn[];
  readonly ended: readonly ReportedColumn[];
}

/** The row of a run according to its events. */
export interface RunReplay {
  readonly started?: EventBody;
  readonly ended?: EventBody;
}

const startColumns = [
  ['command', 'command'],
  ['by_whom', 'by'],
  ['from_where', 'from'],
  ['git_commit', 'commit'],
  ['tool', 'tool'],
  ['plan_hash', 'plan'],
  ['checkpoint', 'checkpoint'],
  ['default_schema', 'schema'],
  ['login', 'login'],
  ['client_address', 'client'],
  ['server_version', 'server'],
  ['about', 'about'],
] as const;
const ended = [
  ['outcome', 'outcome'],
  ['exit_code', 'exitCode'],
  ['failure', 'failure'],
] as const;

/**
 * The columns of `storedRun`, of table `r`.
 *
 * @param version of the schema: runs of the first one have no number
 */
export function runColumns(version: number): string {
  return [
    `r.run, ${version > 1 ? 'r.n' : 'null'}, r.events, r.event_head`,
    ...startColumns.map(([column]) => `r.${column}`),
    ...ended.map(([column]) => `r.${column}`),
    utc('r.started_at'),
    utc('r.finished_at'),
  ].join(', ');
}

/** Reads a row of `runColumns`. */
export function storedRun(row: AnswerRow): StoredRun {
  const [run, n, events, head, ...rest] = row;
  const reported = (columns: readonly (readonly [string, string])[], from: number): readonly ReportedColumn[] =>
    columns.map(([column, key], index) => ({ column, key, value: rest[from + index] ?? '' }));
  const [started, finished] = rest.slice(startColumns.length + ended.length);
  return {
    run: run ?? '',
    n: n == null ? null : Number(n),
    events: Number(events),
    head: head ?? '',
    started: [...reported(startColumns, 0), { column: 'started_at', key: 'at', value: started ?? '', as: 'time' }],
    ended: [
      ...reported(ended, startColumns.length),
      { column: 'finished_at', key: 'at', value: finished ?? '', as: 'time' },
    ],
  };
}

/** True: the event has everything that the row shows. Events of schema version 1 have less. */
export function isComplete(replay: RunReplay): boolean {
  return replay.started !== undefined && 'login' in replay.started;
}

/** What differs between the run's row and its events, as text. */
export function alteredRun(stored: StoredRun, replay: RunReplay): readonly string[] {
  // A command's end is also recorded in its own event, which is newer.
  const later =
    replay.ended !== undefined && typeof replay.ended['about'] === 'string' ? { about: replay.ended['about'] } : {};
  // In version 1 the times of the event and of the row were taken one after the other.
  const { at, ...others } = replay.started ?? {};
  const first = { ...others, ...(isComplete(replay) ? { at } : {}), ...later };
  return [...differences(first, stored.started), ...alteredEnd(stored, replay.ended)];
}

function alteredEnd({ ended: columns }: StoredRun, body: EventBody | undefined): readonly string[] {
  if (body !== undefined) return differences(body, columns);
  // Whether it is at work or has died shows in its sessions, and a later run may have noted it.
  const [outcome, ...rest] = columns;
  const open = ['running', 'interrupted'].includes(outcome?.value ?? '');
  return [
    ...(open ? [] : [`outcome is "${outcome?.value ?? ''}", but no event records its end`]),
    ...rest.filter(({ value }) => value !== '').map(({ column }) => `${column} is set, but no event records its end`),
  ];
}

/** What differs between the row of an earlier attempt and the run that carried it over. */
export function alteredAttempt(stored: StoredRun, body: EventBody | undefined): readonly string[] {
  if (body === undefined) return ['its row was added: no run has carried it over'];
  const { finishedAt, ...rest } = body;
  return [...differences(rest, stored.started), ...differences({ ...rest, at: finishedAt }, stored.ended)];
}
