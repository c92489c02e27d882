import type { ResultSet } from '../../migrate/contract/ports.ts';
import { countOf } from './format.ts';

/** A result as psql shows it: a table, or the command's tag. */
export function rowsAsText({ columns, rows, tag }: ResultSet): string {
  if (columns.length === 0) return tag === '' ? '' : `${tag}\n`;
  const cells = rows.map((row) => row.map((value) => value ?? '∅'));
  const widths = columns.map((name, index) => Math.max(length(name), ...cells.map((row) => length(row[index] ?? ''))));
  const line = (row: readonly string[]) =>
    row
      .map((cell, index) => cell + ' '.repeat((widths[index] ?? 0) - length(cell)))
      .join(' │ ')
      .trimEnd();
  return [
    line(columns),
    widths.map((width) => '─'.repeat(width)).join('─┼─'),
    ...cells.map(line),
    `(${countOf(rows.length, 'row')})`,
    '',
  ].join('\n');
}

function length(text: string): number {
  return Array.from(text).length;
}
