import type { Redactor } from '../../../kit/redact.ts';
import type { RunEvent } from '../../contract/event.ts';
import type { OutputLimits, OutputStream, RunnerPorts } from '../../contract/runner-ports.ts';
import { binary, bytesOf } from './binary.ts';
import { createTail, type Tail } from './tail.ts';

/** Where the output of a command goes. */
export interface Output {
  push(stream: OutputStream, bytes: Uint8Array): void;
  /** Reports the rest: the end of a long output, and how much before it is omitted. */
  end(): void;
  /** How much the command has written, in bytes. */
  readonly bytes: number;
}

type OutputPorts = Pick<RunnerPorts, 'emit' | 'timer' | 'redactor' | 'outputLimits'>;

const usualLimits: OutputLimits = { events: Infinity, bytes: 24 * 1024 * 1024 };
/** The share of the limits for the beginning of the output; the rest is for its end. */
const beginning = 0.8;
/** One event is never more than one log line, whatever the command writes. */
const longestText = 14_000;
const pieceBytes = 10 * 1024;

/**
 * Turns what a command writes into events as it comes. Secrets are masked before anything is cut, so that no part of
 * one is shown. The more events there have been, the longer it waits for more output before the next one: a job may
 * write for hours, and its log accepts a limited number of lines. Beyond the limits only the end is kept.
 */
export function createOutput(ports: OutputPorts): Output {
  const limits = ports.outputLimits ?? usualLimits;
  const redactor = ports.redactor ?? nothingSecret;
  const used = { events: 0, bytes: 0 };
  const total = { bytes: 0 };
  let cancel: (() => void) | undefined;

  const emit = (event: RunEvent): void => {
    used.events += 1;
    ports.emit(event);
  };
  const stream = (name: OutputStream): Stream => ({
    name,
    pending: '',
    tail: createTail(
      redactor.longest,
      Math.floor(Math.min(limits.bytes, limits.events * pieceBytes) * (1 - beginning)) / 2,
    ),
  });
  const streams: Readonly<Record<OutputStream, Stream>> = { stdout: stream('stdout'), stderr: stream('stderr') };

  const isFull = (): boolean => used.events >= limits.events * beginning || used.bytes >= limits.bytes * beginning;
  const flush = (one: Stream, last: boolean): void => {
    const clean = redactor.redact(one.pending, !last);
    const held = last ? 0 : Math.max(redactor.unfinished(clean), unfinishedCharacter(clean));
    one.pending = held === 0 ? '' : clean.slice(-held);
    const reported = held === 0 ? clean : clean.slice(0, -held);
    used.bytes += reported.length;
    for (const event of eventsOf(one.name, reported)) emit(event);
  };
  const flushAll = (): void => {
    cancel?.();
    cancel = undefined;
    for (const one of [streams.stdout, streams.stderr]) flush(one, false);
  };
  return {
    push(name, bytes) {
      total.bytes += bytes.length;
      const one = streams[name];
      for (let at = 0; at < bytes.length; at += pieceBytes) {
        const piece = bytes.subarray(at, at + pieceBytes);
        if (one.tail.started || isFull()) {
          one.tail.push(bytesOf(one.pending));
          one.pending = '';
          one.tail.push(piece);
          continue;
        }
        one.pending += binary(piece);
        // In order as far as it is known: earlier output of the other stream goes first.
        if (one.pending.length >= pieceBytes) flushAll();
      }
      if (one.pending !== '') cancel ??= ports.timer(flushDelayMs(used.events, limits), flushAll);
    },
    end() {
      cancel?.();
      for (const one of [streams.stdout, streams.stderr]) {
        if (!one.tail.started) {
          flush(one, true);
          continue;
        }
        const { text, bytes, lines } = one.tail.end((kept) => redactor.redact(kept));
        if (bytes > 0) ports.emit({ kind: 'output.dropped', stream: one.name, bytes, lines });
        for (const event of eventsOf(one.name, text)) emit(event);
      }
    },
    get bytes() {
      return total.bytes;
    },
  };
}

interface Stream {
  readonly name: OutputStream;
  /** Output that is not reported yet: one character for each byte. */
  pending: string;
  readonly tail: Tail;
}

const nothingSecret: Redactor = { register() {}, reveal() {}, redact: (text) => text, unfinished: () => 0, longest: 0 };

/** How long to wait for more output before it is reported, in milliseconds. */
function flushDelayMs(events: number, limits: OutputLimits): number {
  if (limits.events === Infinity) return 20;
  const share = events / (limits.events * beginning);
  if (share < 0.3) return 100;
  if (share < 0.6) return 1_000;
  return share < 0.9 ? 10_000 : 60_000;
}

/** How many bytes at the end are an incomplete UTF-8 character. */
function unfinishedCharacter(text: string): number {
  for (let back = 1; back <= Math.min(3, text.length); back += 1) {
    const code = text.charCodeAt(text.length - back);
    if (code < 0x80) return 0;
    if (code < 0xc0) continue;
    const length = code >= 0xf0 ? 4 : code >= 0xe0 ? 3 : 2;
    return back < length ? back : 0;
  }
  return 0;
}

const strict = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

function eventsOf(stream: OutputStream, text: string): readonly RunEvent[] {
  if (text === '') return [];
  const event = eventOf(stream, text);
  if (text.length === 1 || JSON.stringify(event).length <= longestText) return [event];
  let middle = text.length >> 1;
  // Not inside a character.
  while (middle > 1 && (text.charCodeAt(middle) & 0xc0) === 0x80 && middle > text.length / 2 - 4) middle -= 1;
  return [...eventsOf(stream, text.slice(0, middle)), ...eventsOf(stream, text.slice(middle))];
}

function eventOf(stream: OutputStream, text: string): RunEvent {
  try {
    return { kind: 'output', stream, text: strict.decode(bytesOf(text)) };
  } catch {
    return { kind: 'output', stream, text: btoa(text), encoding: 'base64' };
  }
}
