/** A non-ASCII space inside what PostgreSQL would read as a word. */
export interface UnicodeSpace {
  readonly offset: number;
  /** `U+00A0 (no-break space)` */
  readonly name: string;
}

const names: Readonly<Record<number, string>> = {
  0x85: 'next line',
  0xa0: 'no-break space',
  0x1680: 'Ogham space mark',
  0x200b: 'zero width space',
  0x200c: 'zero width non-joiner',
  0x200d: 'zero width joiner',
  0x2028: 'line separator',
  0x2029: 'paragraph separator',
  0x202f: 'narrow no-break space',
  0x205f: 'medium mathematical space',
  0x2060: 'word joiner',
  0x3000: 'ideographic space',
  0xfeff: 'byte order mark',
};

/** The first Unicode space in a word (a well-formed UTF-8 range), if there is one. */
export function findUnicodeSpace(bytes: Uint8Array, start: number, end: number): UnicodeSpace | undefined {
  for (let at = start; at < end; at += 1) {
    const first = bytes[at] as number;
    if (first < 0xc2) continue;
    const second = (bytes[at + 1] as number) & 63;
    const code = first < 0xe0 ? ((first & 31) << 6) | second : ((first & 15) << 12) | (second << 6) | third(bytes, at);
    if (first < 0xf0 && isSpace(code)) return { offset: at, name: nameOf(code) };
  }
  return undefined;
}

function third(bytes: Uint8Array, at: number): number {
  return (bytes[at + 2] as number) & 63;
}

function isSpace(code: number): boolean {
  return code in names || (code >= 0x2000 && code <= 0x200a);
}

function nameOf(code: number): string {
  return `U+${code.toString(16).toUpperCase().padStart(4, '0')} (${names[code] ?? 'typographic space'})`;
}
