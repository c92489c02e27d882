import { invalid } from '../../core/errors.ts';
import { objectOf, type Json, type JsonObject } from '../../core/json.ts';
import { camel } from '../../proto/walk.ts';

/** Returns true for a matching entry. */
export type EntryFilter = (entry: JsonObject) => boolean;

interface Token {
  readonly kind: 'open' | 'close' | 'and' | 'or' | 'not' | 'operator' | 'word' | 'text';
  readonly value: string;
}

/**
 * Parses the part of the Logging query language that tools use: comparisons of fields (`=`, `!=`, `<`, `<=`, `>`, `>=`,
 * `:`, `=~`), AND (also implied between adjacent terms), OR, NOT, parentheses, and bare words that match in any field.
 * NOT binds closest, then OR, then AND (documentation).
 *
 * @throws ApiError INVALID_ARGUMENT
 */
export function parseFilter(text: string): EntryFilter {
  const tokens = tokenize(text);
  let at = 0;
  const peek = (): Token | undefined => tokens[at];
  const all = (): EntryFilter => {
    const parts: EntryFilter[] = [any()];
    while (peek() !== undefined && peek()?.kind !== 'close') {
      if (peek()?.kind === 'and') at += 1;
      parts.push(any());
    }
    return (entry) => parts.every((part) => part(entry));
  };
  const any = (): EntryFilter => {
    const parts: EntryFilter[] = [one()];
    while (peek()?.kind === 'or') {
      at += 1;
      parts.push(one());
    }
    return (entry) => parts.some((part) => part(entry));
  };
  const one = (): EntryFilter => {
    const token = tokens[at];
    at += 1;
    if (token?.kind === 'not') {
      const inner = one();
      return (entry) => !inner(entry);
    }
    if (token?.kind === 'open') {
      const inner = all();
      if (peek()?.kind !== 'close') throw unparseable(text);
      at += 1;
      return inner;
    }
    if (token === undefined || (token.kind !== 'word' && token.kind !== 'text')) throw unparseable(text);
    const operator = peek();
    if (operator?.kind !== 'operator') return (entry) => JSON.stringify(entry).includes(token.value);
    at += 1;
    const value = peek();
    if (value?.kind === 'open') return alternatives(token.value, operator.value);
    if (value === undefined || (value.kind !== 'word' && value.kind !== 'text')) throw unparseable(text);
    at += 1;
    return comparison(token.value, operator.value, value.value);
  };
  /** `field=("a" OR "b")`. */
  const alternatives = (field: string, operator: string): EntryFilter => {
    const parts: EntryFilter[] = [];
    at += 1;
    for (;;) {
      const token = tokens[at];
      at += 1;
      if (token === undefined) throw unparseable(text);
      if (token.kind === 'close') break;
      if (token.kind === 'word' || token.kind === 'text') parts.push(comparison(field, operator, token.value));
    }
    return (entry) => parts.some((part) => part(entry));
  };
  if (tokens.length === 0) return () => true;
  const filter = all();
  if (at < tokens.length) throw unparseable(text);
  return filter;
}

function unparseable(text: string): Error {
  return invalid('filter', `Unparseable filter: syntax error in ${JSON.stringify(text)}`);
}

const token = /\s*(?:(\()|(\))|(<=|>=|!=|=~|!~|=|<|>|:)|((?:"(?:[^"\\]|\\.)*"|[^\s()"=<>:!~])+)|(-(?=\S)))/y;

function tokenize(text: string): readonly Token[] {
  const tokens: Token[] = [];
  token.lastIndex = 0;
  const source = text.replace(/--[^\n]*/g, '').trim();
  while (token.lastIndex < source.length) {
    const match = token.exec(source);
    if (match === null) throw unparseable(text);
    if (match[1] !== undefined) tokens.push({ kind: 'open', value: '(' });
    else if (match[2] !== undefined) tokens.push({ kind: 'close', value: ')' });
    else if (match[3] !== undefined) tokens.push({ kind: 'operator', value: match[3] });
    else tokens.push(word(match[4] ?? ''));
  }
  return tokens;
}

function word(text: string): Token {
  if (text === 'AND') return { kind: 'and', value: text };
  if (text === 'OR') return { kind: 'or', value: text };
  if (text === 'NOT') return { kind: 'not', value: text };
  if (/^"(?:[^"\\]|\\.)*"$/.test(text)) return { kind: 'text', value: unquote(text) };
  return { kind: 'word', value: text };
}

const unquote = (text: string): string => text.slice(1, -1).replace(/\\(.)/g, '$1');

/** Splits `labels."run.googleapis.com/execution_name"` into its parts. */
function fieldPath(field: string): readonly string[] {
  return [...field.matchAll(/"((?:[^"\\]|\\.)*)"|([^."]+)/g)].map((match) =>
    match[1] === undefined ? (match[2] ?? '') : match[1].replace(/\\(.)/g, '$1'),
  );
}

function read(entry: JsonObject, path: readonly string[]): Json | undefined {
  return path.reduce<Json | undefined>((value, part, index) => {
    const object = objectOf(value);
    // Names of the entry's own fields may be in snake or camel case; keys of labels and payloads must match exactly.
    return object[part] ?? (index === 0 ? object[camel(part)] : undefined);
  }, entry);
}

const severities = ['DEFAULT', 'DEBUG', 'INFO', 'NOTICE', 'WARNING', 'ERROR', 'CRITICAL', 'ALERT', 'EMERGENCY'];

function comparison(field: string, operator: string, wanted: string): EntryFilter {
  const path = fieldPath(field);
  const order = orderOf(path[0] ?? '');
  return (entry) => {
    const found = read(entry, path) ?? (path[0] === 'severity' ? 'DEFAULT' : undefined);
    if (operator === '!=') return found === undefined || textual(found) !== wanted;
    if (found === undefined) return false;
    if (operator === ':') return wanted === '*' || textual(found).toLowerCase().includes(wanted.toLowerCase());
    if (operator === '=~') return new RegExp(wanted).test(textual(found));
    if (operator === '!~') return !new RegExp(wanted).test(textual(found));
    const [left, right] = [order(textual(found)), order(wanted)];
    if (operator === '=') return left === right;
    if (operator === '<') return left < right;
    if (operator === '<=') return left <= right;
    return operator === '>' ? left > right : left >= right;
  };
}

const textual = (value: Json): string => (typeof value === 'string' ? value : JSON.stringify(value));

/** Times are compared as times to the nanosecond, severities by rank, everything else as text. */
function orderOf(field: string): (text: string) => string | number {
  if (/^(timestamp|receive_?[tT]imestamp)$/.test(field)) return timeKey;
  if (field === 'severity') return (text) => severities.indexOf(text.toUpperCase());
  return (text) => text;
}

/** A time as sortable text: seconds in UTC, then nine digits. */
export function timeKey(text: string): string {
  const at = Date.parse(text);
  if (Number.isNaN(at)) return text;
  const fraction = /\.(\d+)/.exec(text)?.[1] ?? '';
  return `${new Date(at).toISOString().slice(0, 19)}.${fraction.padEnd(9, '0').slice(0, 9)}`;
}
