/** Versions from one to another, both included, without leading zeros. */
interface VersionRange {
  readonly from: string;
  readonly to: string;
}

/** Which migrations a squashed file replaces. */
export interface Replaces {
  /** In ascending order. A single version is a range of one. */
  readonly ranges: readonly VersionRange[];
  /** How many migrations these were when the file was made: a database with fewer of them lacks some. */
  readonly count?: number;
}

/** The form of the directive, for findings. */
export const replacesForm = '-- godwit: replaces 1..50';

const range = String.raw`\d{1,40}(?:\s*\.\.\s*\d{1,40})?`;
const form = new RegExp(String.raw`^\s+(${range}(?:\s*,\s*${range})*)(?:\s+count=(\d{1,9}))?(?=\s|$)`);

/**
 * Reads what follows `replaces`.
 *
 * @returns the ranges and the text after them, or why they cannot be read
 * @example
 * readReplaces(' 1..50, 52') // ranges 1..50 and 52..52
 */
export function readReplaces(
  text: string,
): { readonly replaces: Replaces; readonly rest: string } | { readonly why: string } {
  const match = form.exec(text);
  if (match === null) return { why: '`replaces` needs versions: one, a range, or several with commas between them.' };
  const ranges = (match[1] ?? '').split(',').map((part): VersionRange => {
    const [from = '', to = from] = part.split('..').map((version) => canonical(version.trim()));
    return { from, to };
  });
  let before = '';
  for (const { from, to } of ranges) {
    if (isAfter(from, to)) return { why: `${from} is not before ${to}.` };
    if (before !== '' && !isAfter(from, before))
      return { why: `${from} comes after ${before}: list the versions in ascending order.` };
    before = to;
  }
  const count = match[2];
  const replaces = { ranges, ...(count === undefined ? {} : { count: Number(count) }) };
  return { replaces, rest: text.slice(match[0].length) };
}

/** Does the squash replace this version? Never true for the ids of standalone scripts. */
export function isReplaced({ ranges }: Pick<Replaces, 'ranges'>, version: string): boolean {
  return /^\d+$/.test(version) && ranges.some(({ from, to }) => !isAfter(from, version) && !isAfter(version, to));
}

/** The newest version that is replaced. */
export function lastReplaced({ ranges }: Pick<Replaces, 'ranges'>): string {
  return ranges.at(-1)?.to ?? '';
}

/** The ranges as people write them: `1..50, 52`. */
export function rangesText({ ranges }: Pick<Replaces, 'ranges'>): string {
  return ranges.map(({ from, to }) => (from === to ? from : `${from}..${to}`)).join(', ');
}

function isAfter(a: string, b: string): boolean {
  return a.length === b.length ? a > b : a.length > b.length;
}

function canonical(digits: string): string {
  return digits.replace(/^0+(?=\d)/, '');
}
