import { expect } from 'vitest';
import { canaryFiles, canaryIn, canaryKernel as kernel, canaryPassword, watchProcesses } from '../support/canary.ts';
import { createProject } from '../support/project.ts';
import { shippedGodwit, startProgram } from '../support/running.ts';
import { test } from '../support/test.ts';

// What only a process of its own can show: errors that nobody awaits, warnings of Node, arguments of children.

const nobody = `postgresql://app:${encodeURIComponent(canaryPassword)}@127.0.0.1:1/shop`;
const failing: readonly (readonly [string, string, number])[] = [
  ['an error that nobody awaits', 'setTimeout(() => { throw new Error(secret); });', 70],
  ['a promise that nobody awaits', 'void Promise.reject(new Error(secret));', 70],
  ['something else than an error', 'setTimeout(() => { throw secret; });', 70],
  ['a warning', 'process.emitWarning(secret); process.emitWarning(secret, "DeprecationWarning", "DEP0000");', 30],
];

test.each(failing)('%s is told without its secrets, also under GODWIT_DEBUG', async (_, code, exitCode) => {
  using project = createProject({
    'migrations/1_t.sql': 'select 1;',
    'godwit.config.mjs': `const secret = process.env.PGPASSWORD + ' in ' + process.env.DATABASE_URL;\n${code}
      export default { environments: { dev: { database: { env: 'DATABASE_URL' } } } };`,
  });
  for (const debug of [{}, { GODWIT_DEBUG: '1' }]) {
    const env = { DATABASE_URL: nobody, PGPASSWORD: kernel, ...debug };
    const argv = [process.execPath, shippedGodwit, 'up', '-e', 'dev'];
    const { exitCode: ended, out, err } = await startProgram(argv, { cwd: project.folder, env }).ended;
    expect(ended, err).toBe(exitCode);
    expect(canaryIn(out + err), out + err).toBeUndefined();
    expect(err.includes('Warning')).toBe(exitCode === 30 && 'GODWIT_DEBUG' in debug);
  }
  expect(canaryFiles(project.folder)).toEqual([]);
});

test('no process that godwit starts has a password among its arguments', async ({ database }) => {
  const { name, url } = await database.role('canary', 'SUPERUSER');
  await database.query(`alter role ${name} password '${kernel}'`);
  using project = createProject({ 'migrations/1_t.sql': 'select 1;' });
  const address = new URL(url);
  address.password = kernel;
  const watch = watchProcesses(project.folder);
  for (const words of [['up'], ['exec', '--', 'sleep', '0.3'], ['exec', '--detach', '--', 'sleep', '0.3']]) {
    const argv = [process.execPath, shippedGodwit, ...words];
    const ran = await startProgram(argv, {
      cwd: project.folder,
      env: { DATABASE_URL: address.href, TMPDIR: project.folder },
    }).ended;
    expect(ran.exitCode, ran.err).toBe(0);
  }
  watch.stop();
  // The variables are the user's own; they are inherited.
  expect(watch.found().filter((found) => found.startsWith('arguments'))).toEqual([]);
  expect(watch.found().some((found) => found.includes('sleep')) || process.platform !== 'linux').toBe(true);
});
