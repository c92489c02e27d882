import { cutTo, textWidth } from './text-width.ts';

/** Work that is under way, as one line tells it. */
export interface Moving {
  /** Where it stands among other work: `1 of 14`. */
  readonly counter?: string;
  /** What it is; cut if there is no room. */
  readonly name: string;
  /** Numbers and short words that are never cut: `2/5 CREATE INDEX (line 7)`, `41 %`. */
  readonly facts?: readonly string[];
  /** What else is known; shown as far as there is room. */
  readonly more?: string;
}

const separator = ' · ';
const shortestName = 8;

/** `1 of 14 · 12 add_orders · 2/5 CREATE INDEX (line 7) · 41 % · 18 s` */
export function movingLine(work: Moving, elapsedMs: number, columns: number): string {
  const { counter, name, facts = [], more = '' } = work;
  const end = [...facts, ...(elapsedMs < 1000 ? [] : [seconds(elapsedMs)])].map((fact) => separator + fact).join('');
  const before = counter === undefined ? '' : counter + separator;
  const room = columns - textWidth(end);
  // On a very narrow terminal the counter goes first, then the name; the time always stays.
  const begin = room - textWidth(before) < Math.min(shortestName, textWidth(name)) ? '' : before;
  const shown = begin + cutTo(name, Math.max(0, room - textWidth(begin))) + end;
  const left = columns - textWidth(shown) - separator.length;
  if (more !== '' && left >= shortestName) return `${shown}${separator}${cutTo(more, left)}`;
  return textWidth(shown) <= columns ? shown : cutStart(shown, columns);
}

/** Keeps the end of a line: the time. */
function cutStart(line: string, columns: number): string {
  return `…${Array.from(line)
    .slice(1 - columns)
    .join('')}`;
}

/** `18 s`, `2 min 5 s` */
function seconds(ms: number): string {
  const whole = Math.floor(ms / 1000);
  return whole < 60 ? `${whole} s` : `${Math.floor(whole / 60)} min ${whole % 60} s`;
}
