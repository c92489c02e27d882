import type { RowStatement } from '../adopt/rehearsed.ts';
import type { Line } from './drop-statement.ts';

/** What the head of a draft tells. */
export interface DraftHead {
  readonly version: string;
  /** File of the migration. */
  readonly file: string;
  /** Statements that change rows, or may do so. */
  readonly rows: readonly RowStatement[];
}

/** What a draft leaves to its reader, in words. */
export function gapsOf(lines: readonly Line[], { rows }: Pick<DraftHead, 'rows'>): readonly string[] {
  return [...rows.map(rowGap), ...lines.flatMap((line) => ('gap' in line ? [line.gap] : []))];
}

/** The draft as a file. */
export function draftText(lines: readonly Line[], head: DraftHead): string {
  const name = head.file.split('/').at(-1) ?? head.file;
  return [
    `-- Undoes ${name}. Drafted by \`godwit down --draft ${head.version}\`: read it before you use it.`,
    ...head.rows.map((row) => comment(rowGap(row))),
    '',
    ...lines.map((line) => ('sql' in line ? `${line.sql};` : comment(line.gap))),
    '',
  ].join('\n');
}

function rowGap({ tag, line }: RowStatement): string {
  return `${tag} in line ${line} may change rows: what it did to them is not undone here.`;
}

function comment(text: string): string {
  return text
    .split('\n')
    .map((line) => `-- ${line}`)
    .join('\n');
}
