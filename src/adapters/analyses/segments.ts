import { randomBytes } from 'node:crypto';
import { existsSync, readdirSync, rmSync, statSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { readEntries, segmentSize, writeSegment, type Entry } from './segment.ts';

/** All segments of one folder have at most this size, in bytes: room for 25,000 ordinary migrations. */
const mostKept = 32 * 1024 * 1024;
/** What is left when they exceed it. */
const leftThen = 24 * 1024 * 1024;
/** How many folders of other versions are left, and for how long they are not used, in milliseconds. */
const otherVersions = { most: 4, age: 30 * 24 * 60 * 60 * 1000 };
/** A draft of this age, in milliseconds, is from a process that was killed. */
const draftAge = 60 * 60 * 1000;

/** Is this the name of a segment? Names sort by time. */
export function isSegment(name: string): boolean {
  return /^[0-9a-z]{10}-[0-9a-f]{8}$/.test(name);
}

interface FoundSegment {
  readonly path: string;
  readonly size: number;
}

/**
 * Adds entries to a folder as a new segment. It absorbs earlier ones that are not much larger, so that there are few:
 * their number grows with the logarithm of their size. Several processes may do this at the same time; at worst an entry
 * is there twice, or is made again.
 *
 * @param midway true: more follow at once, so nothing is absorbed yet, which takes memory
 */
export function addSegment(folder: string, added: readonly Entry[], midway: boolean): void {
  try {
    const present = segmentsOf(folder);
    if (present.length === 0) removeOthers(folder);
    let size = segmentSize(added);
    const total = present.reduce((sum, one) => sum + one.size, size);
    const absorbed: FoundSegment[] = [];
    for (const one of present) {
      if (total <= mostKept && (one.size > 2 * size || midway)) break;
      absorbed.push(one);
      size += one.size;
    }
    const entries = newestOf([...absorbed.toReversed().flatMap(({ path }) => readEntries(path)), ...added], total);
    const path = join(folder, `${Date.now().toString(36).padStart(10, '0')}-${randomBytes(4).toString('hex')}`);
    writeSegment(path, entries);
    if (existsSync(path)) for (const one of absorbed) rmSync(one.path, { force: true });
  } catch {
    // The cache is not writable, or somebody removes it: it is made again.
  }
}

/** Each once, as it was kept last; without the oldest if there are too many. */
function newestOf(entries: readonly Entry[], total: number): readonly Entry[] {
  const byKey = new Map<string, Entry>();
  for (const entry of entries) {
    byKey.delete(entry.key);
    byKey.set(entry.key, entry);
  }
  const all = [...byKey.values()];
  if (total <= mostKept) return all;
  let size = 0;
  const first = all.findLastIndex(({ text }) => (size += text.length) > leftThen);
  return all.slice(first + 1);
}

/** Newest first. */
function segmentsOf(folder: string): readonly FoundSegment[] {
  const names = readdirSync(folder).sort().reverse();
  return names.flatMap((name) => {
    const path = join(folder, name);
    const stat = statSync(path, { throwIfNoEntry: false });
    if (stat === undefined) return [];
    if (isSegment(name)) return [{ path, size: stat.size }];
    if (Date.now() - stat.mtimeMs > draftAge) rmSync(path, { force: true });
    return [];
  });
}

/** Removes what other versions of godwit have kept, except for the last ones used. */
function removeOthers(folder: string): void {
  const parent = dirname(folder);
  const others = readdirSync(parent)
    .map((name) => join(parent, name))
    .filter((path) => path !== folder)
    .map((path) => ({ path, at: statSync(path, { throwIfNoEntry: false })?.mtimeMs ?? 0 }))
    .sort((a, b) => b.at - a.at);
  for (const [index, { path, at }] of others.entries())
    if (index >= otherVersions.most || Date.now() - at > otherVersions.age)
      rmSync(path, { recursive: true, force: true });
}
