import { stripVTControlCharacters } from 'node:util';

const wide =
  /[\u1100-\u115f\u2e80-\u303e\u3041-\ua4cf\uac00-\ud7a3\uf900-\ufaff\ufe30-\ufe6f\uff00-\uff60\uffe0-\uffe6\u{1f300}-\u{1faff}\u{20000}-\u{3fffd}]/u;
const zero = /[\p{Mn}\p{Me}\u200b-\u200f\ufeff]/u;
const narrow = /^[\u0020-\u024f\u2010-\u2bff\u2800-\u28ff]*$/;

/** The columns of a terminal that a text takes; colour codes take none, and East Asian characters take two. */
export function textWidth(text: string): number {
  const shown = text.includes('\u001b') ? stripVTControlCharacters(text) : text;
  if (narrow.test(shown)) return shown.length;
  let width = 0;
  for (const character of shown) width += columnsOf(character);
  return width;
}

function columnsOf(character: string): number {
  if (zero.test(character)) return 0;
  return wide.test(character) ? 2 : 1;
}

// oxlint-disable-next-line no-control-regex
const piece = /\u001b\[[0-9;]*m|./gsu;

/** Cuts a text to a number of columns; `…` stands for what is missing. Its colour codes all remain. */
export function cutTo(text: string, columns: number): string {
  if (textWidth(text) <= columns) return text;
  let room = Math.max(0, columns - 1);
  let shown = '';
  let cut = false;
  for (const [part] of text.matchAll(piece)) {
    if (part.startsWith('\u001b')) shown += part;
    else if (!cut) {
      const width = columnsOf(part);
      cut = width > room;
      if (cut) shown += columns > 0 ? '…' : '';
      else [shown, room] = [shown + part, room - width];
    }
  }
  return shown;
}

/** Fills a text with spaces up to a number of columns. */
export function padTo(text: string, columns: number): string {
  return text + ' '.repeat(Math.max(0, columns - textWidth(text)));
}
