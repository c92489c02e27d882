/** Lines that are shown around a change. */
const around = 2;
/** Above this number of comparisons the changed middle is shown as a whole. */
const mostCompared = 4_000_000;

interface DiffLine {
  readonly sign: ' ' | '-' | '+';
  readonly text: string;
}

/** Two texts of several lines as a unified difference: what was removed and added, with some lines around it. */
export function lineDifference(was: string, is: string): string {
  const lines = comparedLines(was.split('\n'), is.split('\n'));
  const near = lines.map((_, index) =>
    lines.slice(Math.max(0, index - around), index + around + 1).some(({ sign }) => sign !== ' '),
  );
  const shown: string[] = [];
  let now = 1;
  for (const [index, { sign, text }] of lines.entries()) {
    if (near[index] === true) {
      if (index > 0 && near[index - 1] === false) shown.push(`@@ line ${now} @@`);
      shown.push(`${sign} ${text}`.trimEnd());
    }
    if (sign !== '-') now += 1;
  }
  return shown.join('\n');
}

/** The lines of both texts in their order; what both have is taken from the longest common sequence. */
function comparedLines(old: readonly string[], now: readonly string[]): readonly DiffLine[] {
  let first = 0;
  while (first < old.length && first < now.length && old[first] === now[first]) first += 1;
  let last = 0;
  while (last < old.length - first && last < now.length - first && old.at(-1 - last) === now.at(-1 - last)) last += 1;
  const kept = (text: string): DiffLine => ({ sign: ' ', text });
  return [
    ...old.slice(0, first).map(kept),
    ...middle(old.slice(first, old.length - last), now.slice(first, now.length - last)),
    ...old.slice(old.length - last).map(kept),
  ];
}

function middle(old: readonly string[], now: readonly string[]): readonly DiffLine[] {
  const removed = (text: string): DiffLine => ({ sign: '-', text });
  const added = (text: string): DiffLine => ({ sign: '+', text });
  if (old.length * now.length > mostCompared) return [...old.map(removed), ...now.map(added)];
  const width = now.length + 1;
  // The length of the longest common sequence of the lines from each pair of places on.
  const common = new Uint32Array((old.length + 1) * width);
  const commonAt = (a: number, b: number): number => common[a * width + b] ?? 0;
  for (let a = old.length - 1; a >= 0; a -= 1)
    for (let b = now.length - 1; b >= 0; b -= 1)
      common[a * width + b] =
        old[a] === now[b] ? commonAt(a + 1, b + 1) + 1 : Math.max(commonAt(a + 1, b), commonAt(a, b + 1));
  const lines: DiffLine[] = [];
  let [a, b] = [0, 0];
  while (a < old.length || b < now.length) {
    const [before = '', after = ''] = [old[a], now[b]];
    if (a < old.length && b < now.length && before === after) {
      lines.push({ sign: ' ', text: before });
      a += 1;
      b += 1;
    } else if (a < old.length && (b === now.length || commonAt(a + 1, b) >= commonAt(a, b + 1))) {
      lines.push(removed(before));
      a += 1;
    } else {
      lines.push(added(after));
      b += 1;
    }
  }
  return lines;
}
