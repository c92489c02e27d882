/** What a byte can be in SQL text. Bytes from 0x80 on are parts of words, as in PostgreSQL's own scanner. */
export const SPACE = 1;
export const WORD_START = 2;
export const WORD_PART = 4;
export const DIGIT = 8;
export const OPERATOR = 16;

/** Class bits of each byte. */
export const classOf: Uint8Array = buildTable();

function buildTable(): Uint8Array {
  const table = new Uint8Array(256);
  for (const code of [9, 10, 11, 12, 13, 32]) table[code] = SPACE;
  for (let code = 0; code < 256; code += 1) {
    const letter = (code >= 65 && code <= 90) || (code >= 97 && code <= 122) || code === 95 || code >= 128;
    const digit = code >= 48 && code <= 57;
    if (letter) table[code] = WORD_START | WORD_PART;
    if (digit) table[code] = DIGIT | WORD_PART;
  }
  table[36] = WORD_PART;
  for (const char of '~!@#^&|`?+-*/%<>=') table[char.charCodeAt(0)] = OPERATOR;
  return table;
}

/** Is the word at this range the given keyword (lower case ASCII), in any case? */
export function isWord(bytes: Uint8Array, start: number, end: number, keyword: string): boolean {
  if (end - start !== keyword.length) return false;
  for (let at = 0; at < keyword.length; at += 1) {
    const byte = bytes[start + at] as number;
    const wanted = keyword.charCodeAt(at);
    // Setting bit 5 makes capitals small; `_` must remain as it is.
    if (byte !== wanted && (byte | 32) !== wanted) return false;
  }
  return true;
}
