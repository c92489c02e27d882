import { decodeUtf8, encodeUtf8 } from './encoding.ts';
import { tokensOf } from './lexer.ts';

/** A name as written in SQL text: `shop."Orders"` has the parts shop and Orders. */
export interface NameInText {
  /** The parts as the server reads them: unquoted ones in lower case, cut to 63 bytes. */
  readonly parts: readonly string[];
  /** Where it starts, in UTF-16 units. */
  readonly at: number;
}

const longest = 63;
const dot = 0x2e;
const semicolon = 0x3b;

/**
 * The names of a text in order, keywords included, without those in comments and strings.
 *
 * @param options `bodies`: include the content of dollar quotes, the code of a DO; `one`: stop at the first semicolon
 */
export function namesIn(
  text: string,
  options: { readonly bodies?: boolean; readonly one?: boolean } = {},
): readonly NameInText[] {
  const bytes = encodeUtf8(text);
  const names: { parts: string[]; at: number }[] = [];
  const unitOf = units(bytes);
  const scan = (from: number, to: number): void => {
    let chain: { parts: string[]; at: number } | undefined;
    let dotted = false;
    for (const token of tokensOf(bytes, from, to)) {
      const { kind, start, end } = token;
      if (kind === 'line-comment' || kind === 'block-comment') continue;
      if (kind === 'word' || kind === 'quoted-identifier') {
        const part = partOf(decodeUtf8(bytes.subarray(start, end)), kind);
        if (chain !== undefined && dotted) chain.parts.push(part);
        else {
          chain = { parts: [part], at: unitOf(start) };
          names.push(chain);
        }
        dotted = false;
        continue;
      }
      dotted = chain !== undefined && end - start === 1 && bytes[start] === dot;
      if (!dotted) chain = undefined;
      if (options.one === true && end - start === 1 && bytes[start] === semicolon) return;
      if (options.bodies === true && kind === 'dollar-string') {
        const quote = bytes.indexOf(0x24, start + 1) + 1 - start;
        scan(start + quote, end - quote);
      }
    }
  };
  scan(0, bytes.length);
  return names;
}

/**
 * Finds the one of these names that the server means by a name, which may have more or fewer parts.
 *
 * @param behind the name that must precede it, as a table precedes its column
 */
export function findName(names: readonly NameInText[], wanted: string, behind?: string): NameInText | undefined {
  const owner = behind === undefined ? undefined : findName(names, behind);
  const later = owner === undefined ? [] : names.slice(names.indexOf(owner) + 1);
  return findIn(later, wanted) ?? findIn(names, wanted);
}

function findIn(names: readonly NameInText[], wanted: string): NameInText | undefined {
  const text = ({ parts }: NameInText): string => parts.join('.');
  return (
    names.find((name) => text(name) === wanted) ??
    names.find((name) => text(name).endsWith(`.${wanted}`)) ??
    names.find((name) => wanted.endsWith(`.${text(name)}`))
  );
}

function partOf(text: string, kind: 'word' | 'quoted-identifier'): string {
  const whole =
    kind === 'word'
      ? text.replaceAll(/[A-Z]+/g, (upper) => upper.toLowerCase())
      : text.replace(/^u&/i, '').slice(1, -1).replaceAll('""', '"');
  let part = whole;
  while (encodeUtf8(part).length > longest) part = Array.from(part).slice(0, -1).join('');
  return part;
}

/** The number of UTF-16 units before a byte; query it in ascending order. */
function units(bytes: Uint8Array): (byte: number) => number {
  let last = 0;
  let unit = 0;
  return (byte) => {
    unit += decodeUtf8(bytes.subarray(last, byte)).length;
    last = byte;
    return unit;
  };
}
