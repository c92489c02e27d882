import { encodeUtf8 } from '../../sql/encoding.ts';
import { tokensOf } from '../../sql/lexer.ts';
import { treesOf, nodeOf, textOf, treeOf, type Tree } from '../../sql/syntax-tree.ts';

/** Bytes of a value in its statement's text. */
export interface ValueSpan {
  readonly start: number;
  readonly end: number;
}

/** Words that mean the time of the insert if the column or the cast has a time type. */
const momentary = /^\s*(?:now|today|tomorrow|yesterday)\s*$/i;

/** Does the value stay the same whenever it is read: a constant, a cast of one, an array or a row of them? */
export function isLiteral(node: Tree, cast = false): boolean {
  const { type, fields } = nodeOf(node);
  switch (type) {
    case 'A_Const': {
      const text = textOf(treeOf(fields['sval'])['sval']);
      return cast ? !momentary.test(text) : text.toLowerCase() !== 'now';
    }
    case 'TypeCast':
      return isLiteral(treeOf(fields['arg']), true);
    case 'A_ArrayExpr':
      return treesOf(fields['elements']).every((element) => isLiteral(element));
    case 'RowExpr':
      return treesOf(fields['args']).every((element) => isLiteral(element));
    case 'A_Expr':
      return fields['lexpr'] === undefined && isSign(fields) && isLiteral(treeOf(fields['rexpr']));
    default:
      return false;
  }
}

function isSign(fields: Tree): boolean {
  const operator = textOf(treeOf(treesOf(fields['name'])[0]?.['String'])['sval']);
  return operator === '-' || operator === '+';
}

/**
 * The values of an INSERT's rows as spans of its text, without comments around them. Undefined if the text does not
 * have the form `… VALUES (…), (…)`.
 * @param most Rows beyond this number are omitted.
 */
export function valueSpans(text: string, most: number): readonly (readonly ValueSpan[])[] | undefined {
  const bytes = encodeUtf8(text);
  const rows: ValueSpan[][] = [];
  let row: ValueSpan[] = [];
  let value: ValueSpan | undefined;
  let depth = 0;
  let inValues = false;
  for (const { kind, start, end } of tokensOf(bytes, 0, bytes.length)) {
    if (kind === 'line-comment' || kind === 'block-comment') continue;
    const mark = kind === 'punctuation' ? String.fromCharCode(bytes[start] ?? 0) : '';
    if (!inValues) {
      if (mark === '(') depth += 1;
      else if (mark === ')') depth -= 1;
      inValues = depth === 0 && kind === 'word' && isValues(bytes, start, end);
      continue;
    }
    const closing = mark === ')' || mark === ']';
    if (closing) depth -= 1;
    if (depth === 0) {
      if (closing) {
        if (value === undefined) return undefined;
        rows.push([...row, value]);
        if (rows.length === most) return rows;
        [row, value] = [[], undefined];
      } else if (mark === '(') depth = 1;
      // After the rows: RETURNING, ON CONFLICT.
      else if (mark !== ',') return rows;
      continue;
    }
    if (depth === 1 && mark === ',') {
      if (value === undefined) return undefined;
      row.push(value);
      value = undefined;
      continue;
    }
    if (mark === '(' || mark === '[') depth += 1;
    value = { start: value?.start ?? start, end };
  }
  return depth === 0 ? rows : undefined;
}

function isValues(bytes: Uint8Array, start: number, end: number): boolean {
  return end - start === 6 && String.fromCharCode(...bytes.subarray(start, end)).toLowerCase() === 'values';
}
