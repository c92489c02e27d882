import { cutTo, padTo, textWidth } from './text-width.ts';
import { filled, wrapped } from './wrap.ts';

/** Rows with aligned columns. The screen lays them out: it knows how wide they may be. */
export interface Table {
  readonly rows: readonly TableRow[];
  /** The columns that are cut, this one first, if the rows are too wide for the terminal. */
  readonly cut: readonly number[];
  /** The least widths of the columns, because of rows that are shown later. */
  readonly least?: readonly number[];
}

/** A row, and the lines below it. */
interface TableRow {
  readonly cells: readonly string[];
  readonly below?: readonly string[];
}

/** A command to be copied: a part of it could run, too, so the line is never broken. */
interface UnbrokenLine {
  readonly unbroken: string;
}

/** A line for people, or a table. */
export type Line = string | UnbrokenLine | Table;

/** Rows that fit into the width of the terminal because the columns in `cut` give way. */
export function table(rows: readonly (readonly string[])[], cut: readonly number[]): Table {
  return { rows: rows.map((cells) => ({ cells })), cut };
}

const gap = '  ';
const narrowest = 8;

/** The lines of a table, each of them at most `width` columns wide. A last column that is not cut is wrapped. */
export function tableLines({ rows, cut, least = [] }: Table, width: number): readonly string[] {
  const natural = [...least];
  for (const { cells } of rows)
    for (const [index, cell] of cells.entries()) natural[index] = Math.max(natural[index] ?? 0, textWidth(cell));
  const widths = fitted(natural, cut, width);
  return rows.flatMap(({ cells, below = [] }) => {
    const shown = cells.map((cell, index) => cutTo(cell, widths[index] ?? 0));
    const before = shown.slice(0, -1).map((cell, index) => padTo(cell, widths[index] ?? 0) + gap);
    const room = width - textWidth(before.join(''));
    const lines =
      room < Math.min(narrowest, textWidth(shown.at(-1) ?? ''))
        ? stacked(shown, width)
        : filled(before.join(''), shown.at(-1) ?? '', width);
    return [...lines.map((line) => line.trimEnd()), ...below.flatMap((text) => wrapped(text, width))];
  });
}

/** The width of each column, after the columns in `cut` have given way. */
function fitted(natural: readonly number[], cut: readonly number[], width: number): readonly number[] {
  const widths = [...natural];
  let excess = widths.reduce((sum, one) => sum + one, 0) + gap.length * (widths.length - 1) - width;
  for (const index of cut) {
    const own = widths[index] ?? 0;
    const less = Math.max(0, Math.min(excess, own - narrowest));
    widths[index] = own - less;
    excess -= less;
  }
  return widths;
}

/** A row on a very narrow terminal: as many cells on each line as fit. */
function stacked([first = '', ...rest]: readonly string[], width: number): readonly string[] {
  const lines = [first];
  for (const cell of rest) {
    const last = lines.at(-1) ?? '';
    if (textWidth(last) + gap.length + textWidth(cell) <= width) lines[lines.length - 1] = last + gap + cell;
    else lines.push(`    ${cell}`);
  }
  return lines.flatMap((line) => wrapped(line, width));
}
