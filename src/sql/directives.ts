import type { FaultCode } from '../kit/catalogue/index.ts';
import { nearest } from '../kit/nearest.ts';
import { decodeUtf8, encodeUtf8 } from './encoding.ts';
import { tokensOf } from './lexer.ts';
import { readReplaces, replacesForm, type Replaces } from './replaces.ts';

/** One directive as written. */
export type Directive =
  | { readonly kind: 'transaction'; readonly value: 'none' }
  | { readonly kind: 'lock-timeout' | 'statement-timeout'; readonly value: string }
  | { readonly kind: 'frozen' }
  | { readonly kind: 'verify'; readonly value: 'inside' }
  | { readonly kind: 'allow'; readonly rule: string; readonly reason: string }
  | { readonly kind: 'expect'; readonly query: string; readonly expected: string }
  | ({ readonly kind: 'replaces' } & Replaces);

/** The content of a comment: directives, and what is wrong with it. */
export interface DirectiveReading {
  readonly directives: readonly Directive[];
  readonly problem?: { readonly code: FaultCode; readonly why: string; readonly fix?: string };
}

const names = ['transaction', 'lock-timeout', 'statement-timeout', 'frozen', 'allow', 'expect', 'verify', 'replaces'];
const timeout = /^\d{1,9}(?:us|ms|s|min|h|d)?$/;

/**
 * Reads a comment that starts with `godwit`.
 * @param comment The comment without its marks, trimmed: `godwit: lock-timeout=5s`.
 * @example
 * readDirectives('godwit: transaction=none') // { directives: [{ kind: 'transaction', value: 'none' }] }
 */
export function readDirectives(comment: string): DirectiveReading {
  const start = /^godwit\s*:\s*/i.exec(comment);
  if (start === null) return withoutColon(comment);
  const directives: Directive[] = [];
  let rest = comment.slice(start[0].length);
  if (rest === '') return wrong('directive-invalid', 'Nothing follows `godwit:`.');
  while (rest !== '') {
    const name = /^[A-Za-z_-]+/.exec(rest)?.[0] ?? '';
    if (!names.includes(name)) return unknown(/^\S+/.exec(rest)?.[0] ?? rest);
    const step = readOne(name, rest.slice(name.length));
    if ('problem' in step) return step;
    directives.push(step.directive);
    rest = step.rest.trimStart();
  }
  return { directives };
}

/** `-- godwit transaction=none` was meant as a directive; `-- godwit is a bird` was not. */
function withoutColon(comment: string): DirectiveReading {
  const name = /^godwit\s+([a-z-]+)\s*=/i.exec(comment)?.[1];
  if (name === undefined || nearest(name, names) === undefined) return { directives: [] };
  return wrong('directive-unknown', 'The colon after `godwit` is missing.', 'Write `-- godwit: …`.');
}

type DirectiveStep =
  | { readonly directive: Directive; readonly rest: string }
  | (DirectiveReading & { readonly problem: object });

function wrong(code: FaultCode, why: string, fix?: string): DirectiveReading & { readonly problem: object } {
  return { directives: [], problem: { code, why, ...(fix === undefined ? {} : { fix }) } };
}

function unknown(word: string): DirectiveReading {
  const name = /^[^=\s]+/.exec(word)?.[0] ?? word;
  const meant = nearest(name, names);
  return wrong(
    'directive-unknown',
    `\`${name}\` is not a directive.`,
    meant === undefined ? undefined : `Did you mean \`${meant}\`?`,
  );
}

function readOne(name: string, rest: string): DirectiveStep {
  if (name === 'frozen') return readFrozen(rest);
  if (name === 'expect') return readExpect(rest);
  if (name === 'replaces') return readRanges(rest);
  const match = /^\s*=\s*(\S+)/.exec(rest);
  if (match === null) return wrong('directive-invalid', `\`${name}\` needs a value.`, `Write \`${example(name)}\`.`);
  const value = match[1] ?? '';
  const behind = rest.slice(match[0].length);
  if (name === 'allow') return readAllow(value, behind);
  if (name === 'transaction') {
    if (value === 'none') return { directive: { kind: 'transaction', value }, rest: behind };
    return wrong(
      'directive-invalid',
      `\`transaction\` cannot be \`${value}\`.`,
      'Write `transaction=none`, or leave it out.',
    );
  }
  if (name === 'verify') {
    if (value === 'inside') return { directive: { kind: 'verify', value }, rest: behind };
    return wrong('directive-invalid', `\`verify\` cannot be \`${value}\`.`, 'Write `verify=inside`, or leave it out.');
  }
  if (!timeout.test(value)) {
    return wrong(
      'directive-invalid',
      `\`${value}\` is not a time.`,
      `Write \`${example(name)}\`; units are us, ms, s, min, h, d.`,
    );
  }
  return { directive: { kind: name === 'lock-timeout' ? name : 'statement-timeout', value }, rest: behind };
}

function example(name: string): string {
  if (name === 'allow') return 'allow=drop-column reason="unused since May"';
  if (name === 'verify') return 'verify=inside';
  return name === 'transaction' ? 'transaction=none' : `${name}=5s`;
}

function readFrozen(rest: string): DirectiveStep {
  if (rest === '' || /^\s/.test(rest)) return { directive: { kind: 'frozen' }, rest };
  return wrong('directive-invalid', '`frozen` takes no value.', 'Write `-- godwit: frozen`.');
}

function readRanges(text: string): DirectiveStep {
  const read = readReplaces(text);
  if ('why' in read) return wrong('directive-invalid', read.why, `Write \`${replacesForm}\`.`);
  const { replaces, rest } = read;
  return { directive: { kind: 'replaces', ...replaces }, rest };
}

function readAllow(rule: string, rest: string): DirectiveStep {
  if (!/^[a-z][a-z0-9-]*$/.test(rule)) return wrong('directive-invalid', `\`${rule}\` is not the name of a rule.`);
  const match = /^\s+reason\s*=\s*"([^"]*)"/.exec(rest);
  const reason = match?.[1]?.trim() ?? '';
  if (match === null || reason === '') {
    return wrong(
      'directive-invalid',
      'An exception needs a reason.',
      `Write \`allow=${rule} reason="why this is safe here"\`.`,
    );
  }
  return { directive: { kind: 'allow', rule, reason }, rest: rest.slice(match[0].length) };
}

/** The query extends to the last `=>`; one literal follows. */
function readExpect(rest: string): DirectiveStep {
  const bytes = encodeUtf8(rest);
  let arrow: { start: number; end: number } | undefined;
  for (const token of tokensOf(bytes, 0, bytes.length)) {
    const { start, end, kind } = token;
    if (kind === 'operator' && end === start + 2 && bytes[start] === 61 && bytes[start + 1] === 62)
      arrow = { start, end };
  }
  const form = 'Write `expect select count(*) from users => 3`.';
  if (arrow === undefined) return wrong('directive-invalid', '`expect` needs a query, `=>` and a literal.', form);
  const query = decodeUtf8(bytes.subarray(0, arrow.start)).trim().replace(/;$/, '').trim();
  const expected = decodeUtf8(bytes.subarray(arrow.end)).trim().replace(/;$/, '').trim();
  if (query === '') return wrong('directive-invalid', 'There is no query before `=>`.', form);
  if (!isLiteral(expected)) {
    const why = `\`${expected}\` is not one literal (a number, a string in single quotes, true, false or null).`;
    return wrong('directive-invalid', why, form);
  }
  return { directive: { kind: 'expect', query, expected }, rest: '' };
}

function isLiteral(text: string): boolean {
  if (/^(?:true|false|null)$/i.test(text) || /^[+-]?\d[\d_]*(?:\.\d*)?(?:e[+-]?\d+)?$|^[+-]?\.\d+$/i.test(text))
    return true;
  const bytes = encodeUtf8(text);
  const tokens = [...tokensOf(bytes, 0, bytes.length)];
  const only = tokens[0];
  return tokens.length === 1 && only !== undefined && only.kind.endsWith('string') && !only.unterminated;
}
