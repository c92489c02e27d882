import { readFileSync, statSync } from 'node:fs';
import { resolve } from 'node:path';
import { catalogue, type FaultCode } from '../../kit/catalogue/index.ts';
import { findCredentials } from '../../kit/credential-shapes.ts';
import { fault } from '../../kit/fault.ts';
import type { Finding } from '../../kit/finding.ts';
import { nearest } from '../../kit/nearest.ts';
import { defineCommand, type Context, type Result, type Run } from '../command.ts';
import { optionalArgument } from '../options/argument-kinds.ts';
import { done, failed } from '../result.ts';
import { table, type Line } from '../screen/table.ts';

export const spec = defineCommand({
  name: 'explain',
  summary: 'Explain a code, or the codes in a log: what is wrong, why, and what to do',
  arguments: {
    code: optionalArgument(
      'CODE',
      'a code as findings show it, a file that holds some, or `-`: standard input (default: list all codes)',
    ),
  },
  examples: [
    { type: 'godwit explain out-of-order', does: 'what to do about a migration that was merged late' },
    { type: 'godwit explain ci.log', does: 'explain the codes in a log' },
    { type: 'godwit explain', does: 'list all codes' },
  ],
});

export const run: Run<typeof spec> = async (context) => {
  const {
    arguments: { code },
    screen,
  } = context;
  const { style } = screen;
  if (code === undefined) {
    const all = Object.entries(catalogue);
    const rows = all.map(([name, entry]) => [style.bold(name), style.dim(String(entry.exit)), entry.title]);
    screen.answer(table(rows, [2]));
    return done({ codes: all.map(([name, entry]) => ({ code: name, ...entry })) });
  }
  if (isCode(code)) {
    screen.answer(...explanation(context, code));
    return done({ code, ...catalogue[code] });
  }
  const text = await textOf(code, context);
  if (text !== undefined) return explainText(context, text);
  const near = nearest(code, Object.keys(catalogue));
  const fix = near === undefined ? {} : { fix: `Did you mean \`godwit explain ${near}\`?` };
  return failed([fault('unknown-code', { why: `The catalogue of faults has no code \`${code}\`.`, ...fix })]);
};

/** A text that may name codes, and how findings name it. */
interface LogText {
  readonly name: string;
  readonly text: string;
}

const longestText = 32 * 1024 * 1024;

/** The text that the argument means: standard input, a file, or itself if no code looks like it. */
async function textOf(argument: string, { io }: Context): Promise<LogText | undefined> {
  if (argument === '-') return { name: 'Standard input', text: await io.input() };
  const path = resolve(io.cwd, argument);
  try {
    if (statSync(path).size <= longestText) return { name: argument, text: readFileSync(path, 'utf8') };
  } catch {
    // It is no file.
  }
  const isCodeLike = /^[\w-]{1,60}$/.test(argument) && findCredentials(argument).length === 0;
  return isCodeLike ? undefined : { name: 'The argument', text: argument };
}

/** Explains each code that a text names, once. A credential in it is told, and never repeated. */
function explainText(context: Context, { name, text }: LogText): Result {
  const codes = codesIn(text);
  const told = credentialsIn(name, text);
  if (codes.length === 0) {
    const fix = 'Name a code, or a file that holds the output of godwit; `godwit explain` lists the codes.';
    return failed([fault('unknown-code', { why: `${name} names no code of godwit.`, fix }), ...told]);
  }
  context.screen.answer(
    ...codes.flatMap((code, index) => [...(index === 0 ? [] : ['']), ...explanation(context, code)]),
  );
  return done({ codes: codes.map((code) => ({ code, ...catalogue[code] })) }, told);
}

/** Codes of several words stand out in any text; those of one word count only where findings put them. */
function codesIn(text: string): readonly FaultCode[] {
  const found = new Set<FaultCode>();
  for (const [word, bracketed, keyed] of text.matchAll(
    /\[([a-z0-9-]+)\]|"code":\s*"([a-z0-9-]+)"|[a-z0-9]+(?:-[a-z0-9]+)+/g,
  )) {
    const code = bracketed ?? keyed ?? word;
    if (isCode(code)) found.add(code);
  }
  return [...found];
}

function credentialsIn(name: string, text: string): readonly Finding[] {
  const found = findCredentials(text);
  const [first] = found;
  if (first === undefined) return [];
  const line = text.slice(0, first.from).split('\n').length;
  const others = found.length === 1 ? '' : ` ${found.length - 1} more follow.`;
  return [
    fault('credential-in-text', {
      why: `${name}, line ${line}, holds ${first.kind}. It is not repeated here.${others}`,
    }),
  ];
}

function explanation({ screen: { style } }: Context, code: FaultCode): readonly Line[] {
  const entry = catalogue[code];
  return [
    `${style.bold(entry.title)} ${style.dim(`[${code}]`)}`,
    '',
    table(
      [
        ['Why ', entry.why],
        ['Fix ', entry.fix],
        ['Exit', `${entry.exit}${entry.retryable === true ? ', the same command can succeed later' : ''}`],
      ],
      [],
    ),
  ];
}

function isCode(word: string): word is FaultCode {
  return Object.hasOwn(catalogue, word);
}
