import { readFileSync, readdirSync } from 'node:fs';
import { expect, expectTypeOf, test } from 'vitest';
import { defineCommand, type CommandContext } from '../command.ts';
import { commandTable } from '../table.ts';
import { argument, optionalArgument } from './argument-kinds.ts';
import { globalOptions } from './global.ts';
import { optionName } from '../../kit/option-name.ts';
import { choice, count, flag, text, texts } from './kinds.ts';

const folder = new URL('../', import.meta.url);
const sourceOf = (path: string) => readFileSync(new URL(path, folder), 'utf8');

/** Names that a source reads of an object: `options.to`, `const { to } = options`. */
function readOf(holder: string, source: string): ReadonlySet<string> {
  const direct = [...source.matchAll(new RegExp(`\\b${holder}\\.(\\w+)`, 'g'))].map(([, name = '']) => name);
  const patterns = [`\\{([^{}]*)\\} = (?:\\w+\\.)?${holder}\\b`, `\\b${holder}: \\{([^{}]*)\\}`];
  const taken = patterns.flatMap((pattern) => [...source.matchAll(new RegExp(pattern, 'g'))]);
  const names = taken.flatMap(([, list = '']) => list.split(',').map((part) => part.split(/[:=]/)[0]?.trim() ?? ''));
  return new Set([...direct, ...names]);
}

test.each(commandTable.commands.map(({ spec }) => [spec.name, spec] as const))(
  '`godwit %s` reads every option and argument that it declares',
  (name, spec) => {
    const source = sourceOf(`commands/${name.replace(' ', '/')}.ts`);
    const [, run = ''] = source.split('\nexport const run');
    const read = (holder: string, declared: object): readonly string[] =>
      Object.keys(declared).filter((key) => !readOf(holder, run).has(key));
    expect({ options: read('options', spec.options), arguments: read('arguments', spec.arguments) }).toEqual({
      options: [],
      arguments: [],
    });
  },
);

test('every option that all commands take is read somewhere', () => {
  const files = readdirSync(folder, { recursive: true, encoding: 'utf8' }).filter(
    (path) => path.endsWith('.ts') && !path.endsWith('.test.ts'),
  );
  const sources = files.filter((path) => !path.startsWith('options')).map(sourceOf);
  const read = new Set(sources.flatMap((source) => [...readOf('globals', source)]));
  // These mean something before a command line is understood.
  const early = ['json', 'help', 'version'].filter((name) => sources.some((source) => source.includes(`'${name}'`)));
  expect(Object.keys(globalOptions).filter((key) => !read.has(key) && !early.includes(optionName(key)))).toEqual([]);
});

test('the types of values follow from the kinds, and what is not declared is a type error', () => {
  const spec = defineCommand({
    name: 'try',
    summary: 'Try',
    arguments: { run: argument('RUN', 'a run'), sql: optionalArgument('SQL', 'a text') },
    options: {
      strict: flag('strict'),
      name: text('NAME', 'a name'),
      accept: texts('OBJECT', 'objects'),
      limit: count('N', 'a number'),
      onDisconnect: choice(['cancel', 'finish'], 'one of two'),
    },
    examples: [],
  });
  type Context = CommandContext<typeof spec>;
  expectTypeOf<Context['options']>().toEqualTypeOf<{
    readonly strict: boolean;
    readonly name: string | undefined;
    readonly accept: readonly string[];
    readonly limit: number | undefined;
    readonly onDisconnect: 'cancel' | 'finish' | undefined;
  }>();
  expectTypeOf<Context['arguments']>().toEqualTypeOf<{ readonly run: string; readonly sql: string | undefined }>();
  // @ts-expect-error no option of this name is declared
  expectTypeOf<Context['options']['strickt']>();

  const bare = defineCommand({ name: 'bare', summary: 'Bare', examples: [] });
  // @ts-expect-error this command declares no options at all
  expectTypeOf<CommandContext<typeof bare>['options']['strict']>();
});
