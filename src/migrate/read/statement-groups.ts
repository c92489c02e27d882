import type { Segment, Statement } from '../contract/model.ts';

/**
 * The statements of a message whose end is timed together by the server's clock: one each, unless there are very many.
 */
export interface TimedGroup {
  readonly first: number;
  readonly last: number;
}

const mostTimedGroups = 100;

/** Splits the statements of a segment into groups that are timed together. */
export function timedGroups(segment: Pick<Segment, 'first' | 'last'>): readonly TimedGroup[] {
  const count = segment.last - segment.first + 1;
  const size = Math.max(1, Math.ceil(count / mostTimedGroups));
  const groups: TimedGroup[] = [];
  for (let first = segment.first; first <= segment.last; first += size)
    groups.push({ first, last: Math.min(first + size - 1, segment.last) });
  return groups;
}

/** What the history stores of a group of statements. */
export function describeGroup(
  statements: readonly Statement[],
  group: TimedGroup,
): { readonly tag: string; readonly line: number; readonly count: number; readonly hash: string } {
  const members = statements.slice(group.first, group.last + 1);
  const count = members.reduce((sum, statement) => sum + statement.count, 0);
  const tags = new Set(members.map((statement) => statement.tag));
  const [first] = members;
  return {
    tag: tags.size > 1 ? `${first?.tag ?? ''} and others` : (first?.tag ?? ''),
    line: first?.line ?? 0,
    count,
    // One statement keeps its own hash; a group is identified by its first and last statement and their number.
    hash: members.length === 1 ? (first?.hash ?? '') : `${first?.hash ?? ''}..${members.at(-1)?.hash ?? ''}`,
  };
}
