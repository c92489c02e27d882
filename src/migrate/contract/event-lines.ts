import type { RunEvent } from './event.ts';
import type { Hashing } from './ports.ts';

/** Bytes of the `godwit` string of one line; longer events travel in parts. */
const longestPart = 60 * 1024;

/** The string inside a line: numbered, and the last one carries the digest of all lines before it. */
type LineContent =
  | { readonly n: number; readonly run: string; readonly digest?: string; readonly event: RunEvent }
  | { readonly n: number; readonly run: string; readonly events: readonly RunEvent[] }
  | { readonly n: number; readonly run: string; readonly part: number; readonly of: number; readonly text: string };

/** Turns events into the lines of the one channel back. */
export interface LineEncoder {
  encode(event: RunEvent): readonly string[];
  /** Encodes several events at once: small ones share lines, because log services count lines. */
  encodeAll(events: readonly RunEvent[]): readonly string[];
}

/**
 * Lines are `{severity, message, godwit: "<the event as a JSON string>"}`: log services reorder keys and change numbers
 * of real objects, so the event is a string inside, and the digest counts the bytes of that string.
 */
export function createLineEncoder(run: string, hashing: Hashing): LineEncoder {
  let n = 0;
  let chain = '';
  const line = (content: LineContent, severity: string, message: string): string => {
    const text = JSON.stringify(content);
    chain = link(hashing, chain, text);
    return JSON.stringify({ severity, message, godwit: text });
  };
  const single = (event: RunEvent): readonly string[] => {
    const severity = severityOf(event);
    const whole = JSON.stringify(event);
    if (event.kind === 'run.finished') {
      n += 1;
      return [line({ n, run, digest: chain, event }, severity, event.kind)];
    }
    if (whole.length <= longestPart / 4) {
      n += 1;
      return [line({ n, run, event }, severity, event.kind)];
    }
    const parts = split(whole, longestPart / 4);
    return parts.map((text, index) => {
      n += 1;
      return line({ n, run, part: index + 1, of: parts.length, text }, severity, event.kind);
    });
  };
  return {
    encode: single,
    encodeAll: (events) =>
      shared(events).flatMap((group) => {
        const [first] = group;
        if (first === undefined) return [];
        if (group.length === 1) return single(first);
        n += 1;
        const last = group.at(-1) ?? first;
        return [line({ n, run, events: group }, gravest(group), `${first.kind} … ${last.kind}`)];
      }),
  };
}

/** Which events share a line. The closing event has its own line, and so does a long one. */
function shared(events: readonly RunEvent[]): readonly (readonly RunEvent[])[] {
  const groups: RunEvent[][] = [];
  let length = Infinity;
  for (const event of events) {
    const size = event.kind === 'run.finished' ? Infinity : JSON.stringify(event).length;
    if (length + size > longestPart / 4) {
      groups.push([event]);
      length = size;
      continue;
    }
    groups.at(-1)?.push(event);
    length += size;
  }
  return groups;
}

function gravest(events: readonly RunEvent[]): string {
  const severities = new Set(events.map(severityOf));
  return ['ERROR', 'WARNING'].find((severity) => severities.has(severity)) ?? 'INFO';
}

/** Lines that have not arrived, although later ones have. */
export interface MissingLines {
  /** Number of the first one. */
  readonly from: number;
  /** Number of the last one. */
  readonly to: number;
}

/** Reassembles events from lines in any order, and reports whether all of them arrived unchanged. */
export interface LineDecoder {
  /**
   * Takes one line and returns the events that are now complete, in order. Lines of other runs and other programs are
   * skipped.
   */
  push(line: string): readonly RunEvent[];
  /** The lines that later ones wait for; undefined: none. */
  readonly missing: MissingLines | undefined;
  /** Gives up on the missing lines and returns the events behind them. From then on the lines are never complete. */
  skip(): readonly RunEvent[];
  /** True when the closing line has arrived and its digest fits all lines before it. */
  readonly complete: boolean;
}

export function createLineDecoder(run: string, hashing: Hashing): LineDecoder {
  const waiting = new Map<number, string>();
  let next = 1;
  let chain = '';
  let parts: readonly string[] = [];
  let skipped = false;
  let complete = false;
  const take = (text: string): readonly RunEvent[] => {
    const content = JSON.parse(text) as LineContent;
    const before = chain;
    chain = link(hashing, chain, text);
    if ('part' in content) {
      // Without its first parts, the rest of an event is of no use.
      if (content.part !== parts.length + 1) return [];
      parts = [...parts, content.text];
      if (content.part < content.of) return [];
      const whole = parts.join('');
      parts = [];
      return [JSON.parse(whole) as RunEvent];
    }
    if ('events' in content) return content.events;
    if (content.event.kind === 'run.finished') complete = !skipped && content.digest === before;
    return [content.event];
  };
  const takeReady = (): readonly RunEvent[] => {
    const events: RunEvent[] = [];
    for (let ready = waiting.get(next); ready !== undefined; ready = waiting.get(next)) {
      waiting.delete(next);
      next += 1;
      events.push(...take(ready));
    }
    return events;
  };
  return {
    push(line) {
      const text = contentOf(line);
      if (text === undefined) return [];
      const content = parseLine(text);
      if (content === undefined || content.run !== run || content.n < next) return [];
      waiting.set(content.n, text);
      return takeReady();
    },
    get missing() {
      return waiting.size === 0 ? undefined : { from: next, to: Math.min(...waiting.keys()) - 1 };
    },
    skip() {
      if (waiting.size === 0) return [];
      skipped = true;
      parts = [];
      next = Math.min(...waiting.keys());
      return takeReady();
    },
    get complete() {
      return complete;
    },
  };
}

function link(hashing: Hashing, chain: string, text: string): string {
  return hashing.sha256().update(`${chain}\n${text}`).hex();
}

function contentOf(line: string): string | undefined {
  if (!line.startsWith('{')) return undefined;
  try {
    const parsed = JSON.parse(line) as { readonly godwit?: unknown };
    return typeof parsed.godwit === 'string' ? parsed.godwit : undefined;
  } catch {
    return undefined;
  }
}

function parseLine(text: string): LineContent | undefined {
  try {
    const content = JSON.parse(text) as LineContent | null;
    return typeof content === 'object' && Number.isSafeInteger(content?.n) ? (content ?? undefined) : undefined;
  } catch {
    return undefined;
  }
}

function severityOf(event: RunEvent): string {
  if (event.kind === 'migration.failed') return 'ERROR';
  if (event.kind === 'finding') return event.finding.severity === 'error' ? 'ERROR' : 'WARNING';
  if (event.kind === 'run.finished') return event.exitCode === 0 ? 'INFO' : 'ERROR';
  return 'INFO';
}

/** Pieces of at most `size` UTF-16 units; never cut inside a surrogate pair. */
function split(text: string, size: number): readonly string[] {
  const pieces: string[] = [];
  for (let at = 0; at < text.length;) {
    let end = Math.min(at + size, text.length);
    const code = text.charCodeAt(end - 1);
    if (end < text.length && code >= 0xd800 && code <= 0xdbff) end -= 1;
    pieces.push(text.slice(at, end));
    at = end;
  }
  return pieces;
}
