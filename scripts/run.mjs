// The single entry point of the repository: `npm start`, `npm test`, `npm run
// build|check|fix|bench|faults|histories|damages|conformance:gcp`. Installs and builds what is missing or stale first,
// so that two commands are enough in a clean clone.
import { spawn, spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { existsSync, mkdirSync, readFileSync, readdirSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = dirname(dirname(fileURLToPath(import.meta.url)));
process.chdir(root);
const [verb = 'start', ...rest] = process.argv.slice(2);

const jobs = {
  start: () => {
    build();
    return node('dist/godwit.cjs', 'demo', ...rest);
  },
  test: () => {
    build();
    return test(rest);
  },
  build: () => {
    build({ force: true });
  },
  check: () => {
    build();
    node('node_modules/oxfmt/bin/oxfmt', '--check');
    node('node_modules/oxlint/bin/oxlint', '--deny-warnings');
    node('node_modules/typescript/bin/tsc', '-p', '.');
    node('scripts/type-names.mjs');
    node('node_modules/knip/bin/knip.js');
    node('node_modules/publint/src/cli.js', '--strict');
  },
  fix: () => {
    install();
    node('scripts/docs.mjs');
    node('node_modules/oxlint/bin/oxlint', '--fix');
    node('node_modules/oxfmt/bin/oxfmt');
  },
  bench: () => {
    build();
    node('bench/run.mjs', ...rest);
  },
  faults: () => {
    build();
    node('scripts/campaign.mjs', 'faults/harness', ...rest);
  },
  histories: () => {
    build();
    node('scripts/campaign.mjs', 'histories', ...rest);
  },
  damages: () => {
    build();
    node('scripts/campaign.mjs', 'damaged-histories', ...rest);
  },
  'conformance:gcp': () => {
    const [config, ...args] = rest;
    if (config === undefined)
      stop('usage: npm run conformance:gcp -- godwit.config.json | --emulator   (see emulator/README.md)', 2);
    if (config !== '--emulator' && !existsSync(config)) stop(`${config} is not there.`, 2);
    build();
    process.env.GODWIT_CONFORMANCE = config === '--emulator' ? '' : resolve(config);
    const table = join(root, 'dist', 'conformance.md');
    rmSync(table, { force: true });
    process.once('exit', () => existsSync(table) && console.log(`\n${readFileSync(table, 'utf8')}`));
    return test([config === '--emulator' ? 'test/conformance/questions.test.ts' : 'test/conformance', ...args]);
  },
};

const job = jobs[verb];
if (job === undefined) stop(`unknown: ${verb}`, 2);
else job();

/** Runs the tests and closes with a plain count. With GODWIT_FORBID_SKIPS a skipped test fails the run. */
async function test(args) {
  const report = join(root, 'dist', 'test-report.json');
  const end = join(root, 'dist', 'test-end.json');
  for (const file of [report, end]) rmSync(file, { force: true });
  const reporters = ['default', 'json', './scripts/test-end.mjs'].map((name) => `--reporter=${name}`);
  const flags = ['run', ...reporters, `--outputFile.json=${report}`, ...args];
  const passed = await vitest(flags, end);
  if (!existsSync(report)) stop('The tests ended without a report.', 1);
  const results = JSON.parse(readFileSync(report, 'utf8'));
  const { numPassedTests, numFailedTests, numPendingTests, numTodoTests } = results;
  const skipped = numPendingTests + numTodoTests;
  console.log(`${numPassedTests} passed, ${numFailedTests} failed${skipped > 0 ? `, ${skipped} skipped` : ''}`);
  if (!passed) process.exit(1);
  const optional = optionalSkips(results);
  if (optional.length > 0) console.log(`Skipped, for want of an optional judge:\n  ${optional.join('\n  ')}`);
  if (skipped > optional.length && process.env.GODWIT_FORBID_SKIPS) stop('Skipped tests are forbidden here.', 1);
}

/** Tests that may be skipped everywhere, because the program that judges them is in no Debian package. */
function optionalSkips({ testResults }) {
  return testResults
    .flatMap(({ assertionResults }) => assertionResults)
    .filter(({ status, fullName }) => status !== 'passed' && status !== 'failed' && /\boptional judge\b/.test(fullName))
    .map(({ fullName }) => fullName);
}

/**
 * On Node 20, a worker thread that cannot close a handle keeps the process alive long after the last test, so the
 * process is ended.
 */
async function vitest(flags, end) {
  const env = { ...process.env, GODWIT_TEST_END: end };
  const child = spawn(process.execPath, ['node_modules/vitest/vitest.mjs', ...flags], { stdio: 'inherit', env });
  const watch = setInterval(() => {
    if (existsSync(end) && Date.now() - statSync(end).mtimeMs > 30_000) child.kill('SIGKILL');
  }, 1_000);
  const [code, signal] = await once(child, 'exit');
  clearInterval(watch);
  if (signal !== 'SIGKILL' || !existsSync(end)) return code === 0;
  console.log('A worker of the test runner did not end and was ended.');
  return JSON.parse(readFileSync(end, 'utf8')).passed;
}

/** Runs `npm ci` when node_modules is missing or made for another lock file. */
function install() {
  const stamp = 'node_modules/.godwit-lock-hash';
  const hash = digest(['package-lock.json']);
  if (existsSync(stamp) && readFileSync(stamp, 'utf8') === hash) return;
  console.error('Installing dependencies (npm ci) …');
  run('npm', ['ci', '--no-audit', '--no-fund', '--ignore-scripts', '--loglevel=error']);
  writeFileSync(stamp, hash);
}

/** Compiles and bundles when a source is newer than the last build. */
function build({ force = false } = {}) {
  install();
  const stamp = 'dist/.source-hash';
  const sources = ['src', 'sql', 'emulator'].flatMap((folder) => [...walk(folder)]);
  const hash = digest([...sources, 'scripts/build.mjs', 'package.json', 'tsconfig.build.json']);
  if (!force && existsSync(stamp) && readFileSync(stamp, 'utf8') === hash) return;
  console.error('Building …');
  node('scripts/build.mjs');
  mkdirSync('dist', { recursive: true });
  writeFileSync(stamp, hash);
}

function* walk(folder) {
  for (const entry of readdirSync(folder, { withFileTypes: true }).sort((a, b) => (a.name < b.name ? -1 : 1))) {
    const path = join(folder, entry.name);
    if (entry.isDirectory()) yield* walk(path);
    else if (!path.endsWith('.test.ts')) yield path;
  }
}

function digest(paths) {
  const hash = createHash('sha256');
  for (const path of paths)
    if (existsSync(path) && statSync(path).isFile()) hash.update(path).update(readFileSync(path));
  return hash.digest('hex');
}

function node(...args) {
  run(process.execPath, args);
}

function run(command, args) {
  const result = spawnSync(command, args, { stdio: 'inherit' });
  if (result.error) stop(`${command} could not be started: ${result.error.message}`, 1);
  if (result.status !== 0) process.exit(result.status ?? 1);
}

function stop(message, code) {
  console.error(message);
  process.exit(code);
}
