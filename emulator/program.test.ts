import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';

const program = fileURLToPath(new URL('../dist/emulator.js', import.meta.url));

test('the program has what its command line names, says where it is, and ends when it is told to', async () => {
  const account = 'runner@acme-dev.iam.gserviceaccount.com';
  const connector = 'projects/acme-dev/locations/us-central1/connectors/dev';
  const child = spawn(
    process.execPath,
    [program, '--project', 'acme-dev', '--service-account', account, '--connector', connector],
    { stdio: ['ignore', 'pipe', 'inherit'] },
  );
  try {
    let out = '';
    for await (const chunk of child.stdout.setEncoding('utf8')) {
      out += chunk as string;
      if (out.includes('BASE_IMAGE=')) break;
    }
    const places = Object.fromEntries(
      out
        .trim()
        .split('\n')
        .map((line) => line.split('=', 2)),
    ) as Record<string, string>;
    expect(Object.keys(places)).toEqual(['GODWIT_ENDPOINT', 'GOOGLE_OAUTH_ACCESS_TOKEN', 'REGISTRY', 'BASE_IMAGE']);
    const status = async (url: string): Promise<number> => (await fetch(url)).status;
    const there = ['v1/' + connector, `v1/projects/acme-dev/serviceAccounts/${account}`];
    for (const path of there) expect(await status(`${places['GODWIT_ENDPOINT']}/${path}`), path).toBe(200);
    expect(await status(`${places['GODWIT_ENDPOINT']}/v1/${connector}-2`)).toBe(404);
    expect(places['BASE_IMAGE']).toBe(`${places['REGISTRY']}/library/node:22-slim`);
    expect(await status(`http://${places['REGISTRY']}/v2/library/node/manifests/22-slim`)).toBe(200);
  } finally {
    child.kill('SIGTERM');
    await once(child, 'exit');
  }
  expect(child.exitCode).toBe(0);
});

test.each([['--port', 'abc'], ['--nonsense'], ['stray']])(
  'a command line that is wrong is answered by its usage: %s',
  (...args) => {
    const { status, stderr } = spawnSync(process.execPath, [program, ...args], { encoding: 'utf8', timeout: 120_000 });
    expect([status, stderr]).toEqual([2, expect.stringContaining('usage: node emulator.js')]);
  },
);

test('the program works by the name of a link, too', () => {
  const folder = mkdtempSync(join(tmpdir(), 'godwit-emulator-'));
  try {
    symlinkSync(program, join(folder, 'cloud.js'));
    const { stdout } = spawnSync(process.execPath, [join(folder, 'cloud.js'), '--help'], { encoding: 'utf8' });
    expect(stdout).toContain('usage:');
  } finally {
    rmSync(folder, { recursive: true });
  }
});
