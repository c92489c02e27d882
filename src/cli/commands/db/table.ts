/** The answer to one statement, values in the server's own text form. */
export interface Answer {
  /** What the server did, such as `SELECT` or `CREATE`. */
  readonly command: string;
  /** Rows touched; null where the statement has no count. */
  readonly rowCount: number | null;
  readonly columns: readonly { readonly name: string; readonly numeric: boolean }[];
  readonly rows: readonly (readonly (string | null)[])[];
}

/** Lines of a plain table: header, rule, rows, count; numbers to the right. Control characters are made visible. */
export function tableLines({ command, rowCount, columns, rows }: Answer): readonly string[] {
  if (columns.length === 0) return [rowCount === null ? command : `${command} ${rowCount}`];
  const header = columns.map((column) => visible(column.name));
  const cells = rows.map((row) => row.map((value) => (value === null ? 'NULL' : visible(value))));
  const widths = header.map((name, index) =>
    cells.reduce((most, row) => Math.max(most, width(row[index] ?? '')), width(name)),
  );
  const line = (row: readonly string[], alignNumbers: boolean): string =>
    row
      .map((cell, index) => pad(cell, widths[index] ?? 0, alignNumbers && columns[index]?.numeric === true))
      .join(' | ')
      .trimEnd();
  const rule = widths.map((size) => '-'.repeat(size)).join('-+-');
  const count = `(${rows.length} ${rows.length === 1 ? 'row' : 'rows'})`;
  return [line(header, false), rule, ...cells.map((row) => line(row, true)), count];
}

function pad(cell: string, size: number, right: boolean): string {
  const space = ' '.repeat(Math.max(0, size - width(cell)));
  return right ? space + cell : cell + space;
}

/** Columns on a terminal, roughly: East Asian wide characters and emoji take two, combining marks none. */
function width(text: string): number {
  let total = 0;
  for (const character of text) {
    if (/\p{Mark}|\u200d|\ufe0f/u.test(character)) continue;
    total +=
      /[\u1100-\u115f\u2e80-\ua4cf\uac00-\ud7a3\uf900-\ufaff\ufe30-\ufe6f\uff00-\uff60\uffe0-\uffe6]|\p{Emoji_Presentation}/u.test(
        character,
      )
        ? 2
        : 1;
  }
  return total;
}

/** A value from the database must not be able to steer the terminal. */
function visible(text: string): string {
  const names: Readonly<Record<string, string>> = { '\n': '\\n', '\r': '\\r', '\t': '\\t' };
  return text.replaceAll(
    /\p{Cc}|[\u202a-\u202e\u2066-\u2069]/gu,
    (character) => names[character] ?? `\\u${character.codePointAt(0)?.toString(16).padStart(4, '0')}`,
  );
}
