import { lineDifference } from '../verify/line-difference.ts';

/** One side of a difference: its label and its text. */
type DifferenceSide = readonly [label: string, text: string];

/** A difference as text, line by line if its texts have several lines. */
export function describeDifference(
  what: string,
  { first, second }: { readonly first: DifferenceSide; readonly second: DifferenceSide },
): string {
  const [one, was] = first;
  const [other, is] = second;
  if (/\n/.test(was + is)) return `${what}: ${one} - and ${other} +\n${lineDifference(was, is)}`;
  const width = Math.max(one.length, other.length);
  if (was.length + is.length > 100) return `${what}:\n  ${one.padEnd(width)} ${was}\n  ${other.padEnd(width)} ${is}`;
  return `${what}: ${one} ${was}, ${other} ${is}.`;
}
