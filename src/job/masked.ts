import type { Redactor } from '../kit/redact.ts';
import type { RunEvent } from '../migrate/contract/event.ts';

/** Values of these keys are godwit’s own terms: a password that happens to equal one must not break them. */
const vocabulary: ReadonlySet<string> = new Set([
  'kind',
  'task',
  'code',
  'severity',
  'outcome',
  'direction',
  'how',
  'cause',
  'mode',
  'run',
  'checksum',
  'hash',
  'head',
]);

/**
 * Masks every registered secret in an event. Masks each text separately, because masking the event's JSON could hit a
 * key or a number.
 */
export function maskedEvent(event: RunEvent, redactor: Redactor): RunEvent {
  return masked(event, redactor) as RunEvent;
}

function masked(value: unknown, redactor: Redactor): unknown {
  if (typeof value === 'string') return redactor.redact(value);
  if (Array.isArray(value)) return value.map((item) => masked(item, redactor));
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(
    Object.entries(value).map(([key, member]) => [
      key,
      vocabulary.has(key) && typeof member === 'string' ? member : masked(member, redactor),
    ]),
  );
}
