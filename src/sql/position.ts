/** Line and column from 1. The column counts characters (code points), not bytes or UTF-16 units. */
export interface Position {
  readonly line: number;
  readonly column: number;
}

/** Place of a byte in UTF-8 text. A CR before the LF belongs to the line it ends. */
export function positionAt(bytes: Uint8Array, offset: number): Position {
  let line = 1;
  let column = 1;
  const to = Math.min(offset, bytes.length);
  for (let at = 0; at < to; at += 1) {
    const byte = bytes[at] as number;
    if (byte === 10) {
      line += 1;
      column = 1;
    } else if ((byte & 0xc0) !== 0x80) column += 1;
  }
  return { line, column };
}

/** The position reached from `from` after the first `characters` code points of `text`. */
export function positionAfter(from: Position, text: string, characters: number): Position {
  let { line, column } = from;
  let left = characters;
  for (const char of text) {
    if (left <= 0) break;
    left -= 1;
    if (char === '\n') {
      line += 1;
      column = 1;
    } else column += 1;
  }
  return { line, column };
}

/** Byte offset of the character with this number (from 0, in code points); the length if there are fewer. */
export function byteOfCharacter(bytes: Uint8Array, character: number): number {
  let left = character;
  for (let at = 0; at < bytes.length; at += 1) {
    if (((bytes[at] as number) & 0xc0) === 0x80) continue;
    if (left === 0) return at;
    left -= 1;
  }
  return bytes.length;
}

/** How many code points start before this byte: what PostgreSQL calls a position, from 0. */
export function characterOfByte(bytes: Uint8Array, offset: number): number {
  let count = 0;
  for (let at = 0; at < offset && at < bytes.length; at += 1) if (((bytes[at] as number) & 0xc0) !== 0x80) count += 1;
  return count;
}

/** Index of the UTF-16 unit where the character with this number (from 0, in code points) starts. */
export function unitOfCharacter(text: string, character: number): number {
  let left = character;
  let at = 0;
  while (left > 0 && at < text.length) {
    at += (text.codePointAt(at) ?? 0) > 0xffff ? 2 : 1;
    left -= 1;
  }
  return at;
}

/** The number of code points in a string. */
export function countCharacters(text: string): number {
  let count = 0;
  for (let at = 0; at < text.length; count += 1) at += (text.codePointAt(at) ?? 0) > 0xffff ? 2 : 1;
  return count;
}

/**
 * The line of a text at a place, with a caret under the column, for people.
 * @param lineText The line itself, without its end.
 * @param width Longest line to show; a longer one is cut around the column.
 * @example
 * excerpt('selct 1;', { line: 3, column: 1 }) // '3
 * selct 1;\n    ^'
 */
export function excerpt(lineText: string, place: Position, width = 100): string {
  const chars = Array.from(lineText.replaceAll('\t', ' ').replace(/\r$/, ''));
  const from = Math.max(0, Math.min(place.column - 1 - Math.floor(width / 2), chars.length - width));
  const shown = chars.slice(from, from + width).join('');
  const before = from > 0 ? '…' : '';
  const label = `${place.line} | ${before}`;
  const caret = ' '.repeat(label.length + place.column - 1 - from);
  return `${label}${shown}${from + width < chars.length ? '…' : ''}\n${caret}^`;
}
