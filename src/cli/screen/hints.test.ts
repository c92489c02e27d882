import { expect, test } from 'vitest';
import { catalogue } from '../../kit/catalogue/index.ts';
import { fault } from '../../kit/fault.ts';
import { commandTable } from '../table.ts';
import { createHints, type CommandHints } from './hints.ts';

const { groups } = commandTable;

function hintsOf(argv: readonly string[], env: Readonly<Record<string, string>> = {}, entry?: string): CommandHints {
  return createHints({ io: { env, cwd: '/home/ada/app/sub', entry }, argv, groups });
}

const npx = hintsOf(['up'], { npm_command: 'exec' });

test('what npx has started is named with npx', () => {
  expect(npx.prose('Run `godwit up --to 3`, then `godwit verify`.')).toBe(
    'Run `npx godwit up --to 3`, then `npx godwit verify`.',
  );
  expect(npx.lines('  godwit runs attach 01J9   follow it')).toBe('  npx godwit runs attach 01J9   follow it');
  expect(npx.lines('\u001b[2m      godwit db restore 01J9\u001b[22m')).toBe(
    '\u001b[2m      npx godwit db restore 01J9\u001b[22m',
  );
  expect(npx.lines('Usage: godwit up [options]')).toBe('Usage: npx godwit up [options]');
  expect(npx.lines('  DATABASE_URL=$(godwit db url) npm run dev')).toBe(
    '  DATABASE_URL=$(npx godwit db url) npm run dev',
  );
});

test('N10: a dependency of the project is named with npx, however it was started; a program of the machine is not', () => {
  const started = (entry: string): string => hintsOf(['up'], {}, entry).prose('`godwit up`');
  expect(started('/home/ada/app/node_modules/.bin/godwit')).toBe('`npx godwit up`');
  expect(started('/home/ada/app/sub/node_modules/godwit/dist/godwit.cjs')).toBe('`npx godwit up`');
  for (const entry of [
    '/usr/local/bin/godwit',
    '/usr/lib/node_modules/godwit/dist/godwit.cjs',
    '/home/ada/application',
  ])
    expect(started(entry)).toBe('`godwit up`');
});

test('prose about godwit, its name in paths, and what names npx already stay', () => {
  for (const text of ['  godwit runs the migrations.', 'See godwit.config.ts', '`npx godwit init`', '`-- godwit: x`'])
    expect(npx.prose(text)).toBe(text);
  expect(npx.lines('  npx godwit demo')).toBe('  npx godwit demo');
});

test('what was started by its own name, or by a script of the project, is named so', () => {
  for (const env of [{}, { npm_command: 'run-script' }, { npm_command: 'test' }])
    expect(hintsOf([], env).lines('  `godwit up`')).toBe('  `godwit up`');
});

test('N10: environment and configuration of the command line are repeated, where the command has them', () => {
  const hints = hintsOf(['up', '-e', 'dev', '--config=my conf.json', '--', '-e', 'other']);
  const options = '-e dev --config "my conf.json"';
  expect(hints.prose('`godwit runs show 01J9`, `godwit up --to 3`, `godwit exec -- npm test`')).toBe(
    `\`godwit runs show ${options} 01J9\`, \`godwit up ${options} --to 3\`, \`godwit exec ${options} -- npm test\``,
  );
  expect(hints.prose('`godwit runs --limit 3`')).toBe(`\`godwit runs ${options} --limit 3\``);
  expect(hints.prose('`godwit up -e prod`')).toBe('`godwit up --config "my conf.json" -e prod`');
  expect(hints.prose('`godwit new NAME`')).toBe('`godwit new --config "my conf.json" NAME`');
  for (const text of ['`godwit explain busy`', '`godwit init`', '`godwit --help`', '`godwit up --help`'])
    expect(hints.prose(text)).toBe(text);
  expect(hints.lines('  godwit runs attach 01J9   follow it')).toBe(`  godwit runs attach ${options} 01J9   follow it`);
  for (const argv of [['up'], ['up', '-e', 'local'], ['up', '--env']])
    expect(hintsOf(argv).prose('`godwit up`')).toBe('`godwit up`');
  expect(hintsOf(['-edev', 'up']).prose('`godwit up`')).toBe('`godwit up -e dev`');
});

test('N10: each command that a text of the catalogue names exists, and carries the environment that was used', () => {
  const hints = hintsOf(['up', '--env', 'dev']);
  const names = commandTable.commands.map(({ spec }) => spec.name);
  const known = new Set([...names, ...groups.keys()]);
  const withoutEnvironment = /^(?:init|new|check|explain|completion|demo)\b/;
  const found = Object.keys(catalogue).flatMap((code) => {
    const { why, fix } = hints.finding(fault(code as keyof typeof catalogue));
    return [...`${why} ${fix}`.matchAll(/`godwit ([a-z][^`]*)`/g)].map(([, command = '']) => ({ code, command }));
  });
  expect(found.length).toBeGreaterThan(60);
  const wrong = found.filter(({ command }) => {
    const words = command.split(' ');
    const name = known.has(words.slice(0, 2).join(' ')) ? words.slice(0, 2).join(' ') : (words[0] ?? '');
    const environment = / -e (?:dev|NAME)\b/.test(` ${command}`) || withoutEnvironment.test(command);
    return !known.has(name) || (!environment && !command.includes('--help'));
  });
  expect(wrong).toEqual([]);
});
