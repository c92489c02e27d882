import { expect, test } from 'vitest';
import { isTyped, readCommandLine } from './arguments.ts';
import { optionSpecs } from './options/kinds.ts';
import { commandTable } from './table.ts';

const specs = commandTable.commands.map(({ spec }) => spec);
const read = (argv: readonly string[]) => readCommandLine(argv, commandTable);

function command(...argv: readonly string[]) {
  const line = read(argv);
  if (!line.ok || line.value.kind !== 'command') throw new Error(JSON.stringify(line));
  const { command, typed } = line.value;
  return { name: command.spec.name, words: typed.words, options: Object.fromEntries(typed.options) };
}

function refusal(...argv: readonly string[]) {
  const line = read(argv);
  if (line.ok) return 'accepted';
  const [finding] = line.findings;
  return `${finding?.code}: ${finding?.why} ${finding?.fix}`;
}

test('options may stand before and behind the command', () => {
  const expected = { name: 'up', words: [], options: { env: ['dev'], to: ['3'], json: [''] } };
  expect(command('-e', 'dev', 'up', '--to', '3', '--json')).toEqual(expected);
  expect(command('up', '--json', '--to=3', '--env=dev')).toEqual(expected);
});

test('a command of the second level takes its own arguments, and the group alone has a meaning', () => {
  expect(command('runs', 'show', '01J9')).toMatchObject({ name: 'runs show', words: ['01J9'] });
  expect(command('runs')).toMatchObject({ name: 'runs list' });
  expect(command('db')).toMatchObject({ name: 'db status' });
});

test('adopt takes any number of names', () => {
  expect(command('adopt', '1', 'users', '0003_x.sql').words).toEqual(['1', 'users', '0003_x.sql']);
});

test.each([
  [['stauts'], 'There is no command `stauts`. Did you mean `godwit status`?'],
  [['runs', 'lst'], 'There is no command `runs lst`. Did you mean `godwit runs list`?'],
  [['up', '--dryrun'], '`godwit up` has no option --dryrun. Did you mean --dry-run?'],
  [['status', '--to', '3'], '`godwit status` has no option --to.'],
  [['up', '--url', 'postgresql://x'], 'There is no option --url: every process on this machine can read command lines'],
  [['up', '-u', 'x'], 'There is no option -u: every process'],
  [['--url', 'x', 'up'], 'There is no option --url: every process'],
  [['migrate'], 'There is no command `migrate`. `godwit up` applies what is pending.'],
  [['migrate', 'dev'], '`godwit up` applies'],
  [['db:migrate'], '`godwit up` applies'],
  [['migrate:up'], '`godwit up` applies'],
  [['migration:run'], '`godwit up` applies'],
  [['deploy'], '`godwit up` applies'],
  [['Rollback'], '`godwit down` undoes the last migration'],
  [['migrate', 'down'], '`godwit down` undoes'],
  [['db:rollback'], '`godwit down` undoes'],
  [['migrate:undo'], '`godwit down` undoes'],
  [['reset'], '`godwit db reset` empties the embedded database'],
  [['migrate', 'reset'], '`godwit db reset` empties'],
  [['make:migration'], '`godwit new NAME` creates'],
  [['migrate:make', 'x'], '`godwit new NAME` creates'],
  [['migration', 'create'], '`godwit new NAME` creates'],
  [['generate'], '`godwit new NAME` creates'],
  [['history'], '`godwit runs` who ran what'],
  [['migrate', 'status'], '`godwit status` shows'],
  [['baseline'], '`godwit adopt` takes over'],
  [['db', 'pull'], '`godwit adopt` takes over'],
  [['db', 'migrate'], '`godwit up` applies'],
  [['db', 'strat'], 'Did you mean `godwit db start`?'],
  [['repair'], 'run the interrupted command again'],
  [['validate'], '`godwit plan` reads and checks all files'],
  [['up', '--steps', '2'], '`--to VERSION` says where to stop'],
  [['up', '2'], 'The argument `2` is unexpected. `godwit up --to VERSION` says where to stop.'],
  [['up', '-v'], '`--json` prints every event'],
  [['up', '--dir', 'x'], 'Name the folder by `migrations`'],
  [['up', '--to'], '--to needs a value: --to VERSION.'],
  [['up', '--json=1'], '--json takes no value.'],
  [['up', '--to', '1', '--to', '2'], '--to is given twice.'],
  [['up', 'twelve'], 'The argument `twelve` is unexpected.'],
  [['exec', 'npm', 'test'], 'The command to execute follows `--`: `godwit exec -- npm test`.'],
  [['exec', 'pytest', '-q'], 'The command to execute follows `--`: `godwit exec -- npm test`.'],
  [['new'], 'NAME is missing: what the migration does'],
  [['--to', '1'], '--to needs a command.'],
])('%j is refused with the way out', (argv, text) => {
  expect(refusal(...argv)).toContain(text);
  expect(refusal(...argv)).toContain('wrong-usage');
});

test.each([
  ['up', 'URL'],
  ['URL', 'up'],
  ['-u', 'URL', 'up'],
  ['up', '--url=URL'],
  ['up', '--file', 'URL'],
  ['new', 'URL'],
  ['-e', 'URL', 'up'],
])('a database address on the command line is refused and not repeated: %s %s', (...argv) => {
  for (const url of ['postgresql://app:hush@h/db', 'jdbc:postgresql://h/db?password=hush', 'host=h password=hush']) {
    const text = refusal(...argv.map((word) => word.replace('URL', url)));
    expect(text).toContain('every process on this machine can read command lines');
    expect(text).not.toContain('hush');
  }
  expect(refusal('verify', '--reason', 'see https://example.com/a@b')).toBe('accepted');
});

test('help and version are asked for in every usual way', () => {
  expect(read([])).toEqual({ ok: true, value: { kind: 'help' } });
  expect(read(['-h'])).toEqual({ ok: true, value: { kind: 'help' } });
  expect(read(['help', 'up'])).toEqual({ ok: true, value: { kind: 'help', topic: 'up' } });
  expect(read(['up', '--help'])).toEqual({ ok: true, value: { kind: 'help', topic: 'up' } });
  expect(read(['runs', '--help'])).toEqual({ ok: true, value: { kind: 'help', topic: 'runs' } });
  for (const option of ['--version', '-v', '-V'])
    expect(read([option])).toEqual({ ok: true, value: { kind: 'version' } });
});

test('--json is seen even when the rest is not understood, but not behind --', () => {
  expect(isTyped(['nonsense', '--json'], 'json')).toBe(true);
  expect(isTyped(['db', 'sql', '--', '--json'], 'json')).toBe(false);
});

test('an option means the same kind of thing in every command', () => {
  const kinds = new Map<string, boolean>();
  for (const { name, value } of [
    ...commandTable.globalOptions,
    ...specs.flatMap((spec) => optionSpecs(spec.options)),
  ]) {
    expect(kinds.get(name) ?? value === undefined, name).toBe(value === undefined);
    kinds.set(name, value === undefined);
  }
});

test('every command has an example, and its code can be loaded', async () => {
  for (const { spec, load } of commandTable.commands) {
    expect(spec.examples.length, spec.name).toBeGreaterThan(0);
    expect(typeof (await load()), spec.name).toBe('function');
  }
});

test('every example of the help is a command line that godwit understands', () => {
  for (const { type } of specs.flatMap((spec) => spec.examples)) {
    const text = /godwit (.*?)[)]?$/.exec(type.replace(/ [<>] .*$/, '').replace(/\) npm run dev$/, ''))?.[1] ?? '';
    const argv = [...text.matchAll(/"([^"]*)"|(\S+)/g)].map((match) => match[1] ?? match[2] ?? '');
    expect(read(argv), type).toMatchObject({ ok: true });
  }
});

test('what stands behind `--` is a command of the user’s own, with all its options', () => {
  const line = read(['exec', '-e', 'dev', '--timeout', '5min', '--', 'npm', 'test', '--', '--json', '-e', 'x']);
  expect(line.ok && line.value.kind === 'command' ? line.value.typed : line).toMatchObject({
    words: [],
    behind: ['npm', 'test', '--', '--json', '-e', 'x'],
    options: new Map([
      ['env', ['dev']],
      ['timeout', ['5min']],
    ]),
  });
  const other = read(['new', '--', '--name']);
  expect(other.ok && other.value.kind === 'command' ? other.value.typed.words : other).toEqual(['--name']);
});

test('a text may speak of passwords: SQL, and a log that is explained', () => {
  const sql = "select count(*) from users where password = ''";
  expect(command('db', 'sql', sql).words).toEqual([sql]);
  expect(command('explain', 'password=x busy').words).toEqual(['password=x busy']);
});
