import type { Facts } from './fact.ts';

/** A label that was added, and where: before or after another one, or at the end. */
type Placed = readonly [label: string, side?: 'before' | 'after', neighbour?: string];

/**
 * ALTER TYPE … ADD VALUE and RENAME VALUE on what is known of an enum: the whole list of its labels where the type was
 * made by the migrations, otherwise the labels that were added with their places (`placed`). IF NOT EXISTS lets a label
 * pass that stands elsewhere, so its place is stated all the same.
 */
export function withLabels(before: Facts, change: Facts): Facts {
  const { 'add label': added, before: next, after: previous, 'rename label': renamed, ...rest } = change;
  if (added === undefined && renamed === undefined) return { ...before, ...rest };
  const place: Placed | undefined =
    added === undefined
      ? undefined
      : next !== undefined
        ? [added, 'before', next]
        : previous !== undefined
          ? [added, 'after', previous]
          : [added];
  const [from, to] = renamed === undefined ? [] : (JSON.parse(renamed) as [string, string]);
  const rename = (label: string): string => (label === from ? (to ?? label) : label);
  if (before['labels'] === undefined) {
    const known = JSON.parse(before['placed'] ?? '[]') as readonly Placed[];
    const placed = place === undefined ? known : [...known, place];
    const named = placed.map(([label, side, neighbour]) =>
      side === undefined ? [rename(label)] : [rename(label), side, rename(neighbour ?? '')],
    );
    return { ...before, ...rest, ...(named.length === 0 ? {} : { placed: JSON.stringify(named) }) };
  }
  const labels = JSON.parse(before['labels']) as readonly string[];
  const grown = place === undefined ? labels : insert(labels, place);
  return { ...before, ...rest, labels: JSON.stringify(grown.map(rename)) };
}

function insert(labels: readonly string[], place: Placed): readonly string[] {
  const [label, side, neighbour] = place;
  if (labels.includes(label) && stands(labels, place)) return labels;
  const others = labels.filter((other) => other !== label);
  const found = neighbour === undefined ? -1 : others.indexOf(neighbour);
  const at = found < 0 ? others.length : side === 'before' ? found : found + 1;
  return others.toSpliced(at, 0, label);
}

/** Is the label there, on the right side of its neighbour? A neighbour that is gone says nothing. */
function stands(labels: readonly string[], [label, side, neighbour]: Placed): boolean {
  const at = labels.indexOf(label);
  if (at < 0) return false;
  const next = neighbour === undefined ? -1 : labels.indexOf(neighbour);
  return next < 0 || (side === 'before' ? at < next : at > next);
}

/**
 * Are the labels that were added in their places?
 *
 * @param labels all labels in their order, as JSON
 * @param placed what was added, as the fact says
 */
export function inPlace(labels: string, placed: string): boolean {
  const all = JSON.parse(labels === '' ? '[]' : labels) as readonly string[];
  return (JSON.parse(placed) as readonly Placed[]).every((one) => stands(all, one));
}
