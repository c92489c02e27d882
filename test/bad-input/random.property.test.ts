import { writeFileSync, mkdirSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';
import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { readDatabaseUrl } from '../../src/adapters/url/database-url.ts';
import { catalogue } from '../../src/kit/catalogue/index.ts';
import { checkConfig } from '../../src/project/config-check.ts';
import { createTestDatabase } from '../support/database.ts';
import { createProject, type TestProject } from '../support/project.ts';
import { findingsOf } from './judge.ts';
import { commandLine, layout, script, tables, type Entry } from './random-input.ts';

/** fast-check prints seed and path of a failure; the same seed every time makes a failure the change's own. */
const seed = 20_260_601;
const settings = (numRuns: number, ms: number) => ({
  seed,
  numRuns,
  interruptAfterTimeLimit: ms,
  markInterruptAsFailure: false,
});
const patience = 10_000;

/** Seed, path, counterexample and error, when there is one. */
function reportOf<T>(outcome: fc.RunDetails<T>): string {
  return outcome.failed ? (fc.defaultReportMessage(outcome) ?? '') : '';
}

/** A database with the tables that random statements are about. */
const emptied = `drop schema if exists godwit cascade; drop schema public cascade; create schema public;
  ${tables.map((name) => `create table ${name} (id int primary key, n text)`).join(';')}`;

/** Runs a command line; whatever it was given, it ends in time with a known exit code and without a bug. */
async function survive(project: TestProject, argv: readonly string[]): Promise<number> {
  const ended = await Promise.race([
    project.run(...argv),
    new Promise<'hangs'>((resolve) => void setTimeout(resolve, patience, 'hangs').unref()),
  ]);
  if (ended === 'hangs') throw new Error(`hangs: ${JSON.stringify(argv)}`);
  const text = ended.out + ended.err;
  expect(ended.exitCode, text).not.toBe(70);
  expect(text).not.toMatch(/\[bug\]|"code":"bug"|\n\s+at (?:\S+ \(|file:|async |\/|node:)/);
  for (const { code, fix } of findingsOf(ended.json)) {
    expect(Object.keys(catalogue), text).toContain(code);
    expect(fix, code).not.toBe('');
  }
  return ended.exitCode;
}

function fill(folder: string, entries: readonly Entry[]): void {
  mkdirSync(folder, { recursive: true });
  for (const { name, content, kind } of entries) {
    const path = join(folder, name);
    if (kind === 'file') writeFileSync(path, content);
    else if (kind === 'folder') mkdirSync(path);
    else symlinkSync(kind === 'link' ? '1_a.sql' : '/etc/hostname', path);
  }
}

test('no folder of random files, and no command line, brings a stack trace, a bug or a hang', async () => {
  const outcome = await fc.check(
    fc.asyncProperty(layout, commandLine, async (entries, argv) => {
      using project = createProject({}, 'postgresql://nobody@127.0.0.1:1/none');
      fill(join(project.folder, 'migrations'), entries);
      await survive(project, ['plan', '--json']);
      await survive(project, argv);
    }),
    settings(3_000, 3_000),
  );
  expect(outcome.failed, reportOf(outcome)).toBe(false);
}, 240_000);

test('random migrations meet a real database without a stack trace, a bug or a hang', async () => {
  await using database = await createTestDatabase();
  await database.query(emptied);
  const seen = new Set<number>();
  const outcome = await fc.check(
    fc.asyncProperty(layout, fc.array(script, { minLength: 1, maxLength: 3 }), async (entries, files) => {
      using project = createProject({}, database.url);
      const folder = join(project.folder, 'migrations');
      fill(folder, entries);
      await survive(project, ['plan', '--json']);
      for (const [n, content] of files.entries()) {
        project.write(`other/${n + 1}_x.sql`, content);
        if (n === 0) project.write('other/1_x.down.sql', files.at(-1) ?? content);
      }
      project.write(
        'godwit.config.json',
        JSON.stringify({ migrations: 'other', environments: { local: { database: { env: 'DATABASE_URL' } } } }),
      );
      await survive(project, ['plan', '--json']);
      seen.add(await survive(project, ['up', '--json']));
      for (const command of ['verify', 'status', 'down']) await survive(project, [command, '--json']);
      await database.query(emptied);
    }),
    settings(300, 20_000),
  );
  expect(outcome.failed, reportOf(outcome)).toBe(false);
  // Refused, applied, failed: the random files reach every depth.
  expect([...seen]).toEqual(expect.arrayContaining([0, 10, 40]));
}, 240_000);

test('no random URL is half understood', () => {
  const piece = fc.constantFrom(
    'postgresql://',
    'postgres:',
    '//',
    'u',
    ':',
    'p',
    '@',
    '/',
    '?',
    '#',
    '%',
    '%2',
    '%00',
    '%zz',
    '[',
    ']',
    '::1',
    ',',
    '=',
    '&',
    'host',
    'port',
    'sslmode',
    'd',
    ' ',
    '\n',
    '"',
    '\0',
    'ü',
    '5432',
    '99999',
  );
  const text = fc.oneof(
    fc.array(piece, { maxLength: 14 }).map((parts) => `postgresql://${parts.join('')}`),
    fc.array(piece, { maxLength: 14 }).map((parts) => parts.join('')),
    fc.webUrl(),
  );
  const outcome = fc.check(
    fc.property(text, (url) => {
      const outcome = readDatabaseUrl(url, 'DATABASE_URL', { user: 'os' });
      if (!outcome.ok) {
        return outcome.findings.every((finding) => finding.fix !== '');
      }
      const { host, port, database, user } = outcome.value.address;
      return [host, database, user].every((part) => part !== '') && !/[@,?#\s]/.test(host) && port > 0;
    }),
    settings(20_000, 1_000),
  );
  expect(outcome.failed, reportOf(outcome)).toBe(false);
});

test('no random configuration is a bug', () => {
  const key = fc.constantFrom(
    'migrations',
    'environments',
    'database',
    'env',
    'url',
    'protected',
    'major',
    'local',
    'dev',
    '__proto__',
    'constructor',
    'a b',
    '',
  );
  const { value } = fc.letrec((tie) => ({
    value: fc.oneof(
      { maxDepth: 5 },
      fc.anything({ maxDepth: 1, withBigInt: true, withDate: true, withMap: true }),
      fc.constantFrom('embedded', 'x'),
      fc.dictionary(key, tie('value'), { maxKeys: 4 }),
    ),
  }));
  const outcome = fc.check(
    fc.property(value, (config) => {
      const outcome = checkConfig(config, 'godwit.config.mjs');
      return outcome.ok || outcome.findings.every((finding) => finding.fix !== '');
    }),
    settings(20_000, 1_000),
  );
  expect(outcome.failed, reportOf(outcome)).toBe(false);
});
