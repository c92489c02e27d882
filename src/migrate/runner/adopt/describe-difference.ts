import { changedLines } from '../verify/word-difference.ts';

/** A side of a difference: what it is called, and its text. */
type DifferenceSide = readonly [label: string, text: string];

/** A difference in words, by lines where its texts have several. */
export function describeDifference(
  what: string,
  { first, second }: { readonly first: DifferenceSide; readonly second: DifferenceSide },
): string {
  const [one, was] = first;
  const [other, is] = second;
  if (/\n/.test(was + is)) return `${what}: ${one} - and ${other} +\n${changedLines(was, is)}`;
  const width = Math.max(one.length, other.length);
  if (was.length + is.length > 100) return `${what}:\n  ${one.padEnd(width)} ${was}\n  ${other.padEnd(width)} ${is}`;
  return `${what}: ${one} ${was}, ${other} ${is}.`;
}
