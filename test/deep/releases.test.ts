import { cpSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, test } from 'vitest';
import { cacheFolder } from '../../src/adapters/embedded/account.ts';
import { hasOtherNodes, otherNode } from '../support/other-node.ts';
import { shippedGodwit, startProgram } from '../support/running.ts';

const root = fileURLToPath(new URL('../..', import.meta.url));
const env = { GODWIT_CACHE: cacheFolder() };

/** Says what the library finds in this folder, which it then migrates: as a module of a project that depends on godwit. */
const program = (cwd: string): string => `
import { readFileSync } from 'node:fs';
import { deploy, status } from 'godwit';
const cwd = ${JSON.stringify(cwd)};
const before = await status({ cwd });
const { outcome, exitCode, applied } = await deploy({ cwd });
const peak = Number(/VmHWM:\\s+(\\d+) kB/.exec(readFileSync('/proc/self/status', 'utf8'))[1]) / 1024;
console.log(JSON.stringify({ peak, node: process.versions.node, pending: before.pending.length, outcome, exitCode, applied: applied.length }));
`;

describe.skipIf(!hasOtherNodes)('what is built, on each Node and each PostgreSQL that it is for', () => {
  test.each([
    [22, 14],
    [24, 15],
    [26, 16],
    [26, 17],
    [22, 18],
  ])(
    'Node %i, PostgreSQL %i: the library applies the example, the command verifies it',
    async (node, postgres) => {
      const folder = mkdtempSync(join(tmpdir(), `godwit-test-${process.pid}-release-`));
      try {
        cpSync(join(root, 'examples/vividly'), folder, { recursive: true });
        const config = { migrations: 'migrations', environments: { local: { database: 'embedded', major: postgres } } };
        writeFileSync(join(folder, 'godwit.config.json'), JSON.stringify(config));
        const path = await otherNode(node);
        const library = startProgram([path, '--input-type=module', '-e', program(folder)], { cwd: root, env });
        const { out, err } = await library.ended;
        const said = JSON.parse(out === '' ? JSON.stringify({ err }) : out) as Readonly<Record<string, unknown>>;
        expect(said).toMatchObject({ outcome: 'done', exitCode: 0, applied: said['pending'] });
        expect(said['peak']).toBeLessThan(160);
        expect(said['node']).toMatch(new RegExp(`^${node}\\.`));
        const verified = await startProgram([path, shippedGodwit, 'verify'], { cwd: folder, env }).ended;
        expect([verified.exitCode, verified.err]).toEqual([0, expect.stringContaining(`PostgreSQL ${postgres}`)]);
      } finally {
        await startProgram([process.execPath, shippedGodwit, 'db', 'stop'], { cwd: folder, env }).ended;
        rmSync(folder, { recursive: true, force: true });
      }
    },
    300_000,
  );
});
