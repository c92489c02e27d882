import { fault } from '../../kit/fault.ts';
import { err, ok, type Outcome } from '../../kit/outcome.ts';

const iso = /^(\d{4}-\d{2}-\d{2})(?:[T ](\d{2}:\d{2})(?::(\d{2})(?:\.(\d{1,3}))?)?)?(Z|[+-]\d{2}:?\d{2})?$/;

/**
 * Reads a date such as `2026-01-31`, or a date with a time such as `2026-01-31T18:00`; in UTC unless it has an offset.
 *
 * @param option as the user types it: `--before`
 * @param now in milliseconds since 1970; a later time is refused
 * @returns ISO 8601 in UTC
 */
export function readPastTime(option: string, text: string | undefined, now: number): Outcome<string> {
  if (text === undefined) return wrong(`${option} is missing.`, `Name a day, such as \`${option} 2026-01-31\`.`);
  const [, day = '', minute = '00:00', second = '00', fraction = '0', zone = 'Z'] = iso.exec(text.trim()) ?? [];
  const time = Date.parse(`${day}T${minute}:${second}.${fraction.padEnd(3, '0')}${offset(zone)}`);
  // Date.parse accepts 30 February as a day of March.
  if (Number.isNaN(time) || new Date(`${day}T00:00:00Z`).toISOString().slice(0, 10) !== day)
    return wrong(`${option} ${text}: that is not a date.`, 'Write 2026-01-31, or 2026-01-31T18:00 (UTC).');
  if (time > now) return wrong(`${option} ${text} lies in the future.`, 'Name a day that has passed.');
  return ok(new Date(time).toISOString());
}

function offset(zone: string): string {
  return zone === 'Z' || zone.includes(':') ? zone : `${zone.slice(0, 3)}:${zone.slice(3)}`;
}

function wrong(why: string, fix: string): Outcome<never> {
  return err(fault('wrong-usage', { why, fix }));
}
