import type { RunEvent } from '../migrate/contract/event.ts';
import type { Target } from '../migrate/contract/ports.ts';
import type { KnownResult } from '../operations/questions.ts';
import { countOf } from './screen/format.ts';

/** `as of 3 min ago, by run 01J9… (up, ann@host)` */
export function ageText({ asOf, run, command, by }: KnownResult, now: number): string {
  const past = now - Date.parse(asOf);
  return `as of ${past < 1_000 ? 'this moment' : `${age(past)} ago`}, by run ${run} (${command}, ${by})`;
}

/** For programs: which execution reported the result, and when. */
export function asOfData(known: KnownResult | undefined): Readonly<Record<string, unknown>> {
  if (known === undefined) return {};
  const { asOf: at, run, by, command, underWay } = known;
  return { asOf: { at, run, by, command, ...(underWay === undefined ? {} : { underWay }) } };
}

/** The database that an execution reached. */
export function targetOf(events: readonly RunEvent[]): Target | undefined {
  const target = events.findLast((event) => event.kind === 'target');
  if (target === undefined) return undefined;
  const { host, port, database, user, searchPath } = target;
  return { host, port, database, user, ...(searchPath === undefined ? {} : { searchPath }) };
}

function age(ms: number): string {
  const seconds = Math.max(0, ms) / 1_000;
  if (seconds < 60) return `${Math.floor(seconds)} s`;
  if (seconds < 3_600) return `${Math.floor(seconds / 60)} min`;
  return seconds < 172_800
    ? countOf(Math.floor(seconds / 3_600), 'hour')
    : countOf(Math.floor(seconds / 86_400), 'day');
}
