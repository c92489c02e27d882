import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';

let folder = '';
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'godwit-many-'));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

/** MB of V8’s young generation in a process that has listed the folder and then keeps much of what it makes. */
function youngAfterListing(): number {
  const program = `
import { getHeapSpaceStatistics } from 'node:v8';
import { openFolder } from ${JSON.stringify(new URL('../../../dist/lib/adapters/files/folder.js', import.meta.url).href)};
await openFolder(${JSON.stringify(folder)}, 'migrations').list();
const kept = Array.from({ length: 400_000 }, (_, index) => ({ index }));
const young = getHeapSpaceStatistics().find(({ space_name }) => space_name === 'new_space');
console.log(kept.length > 0 ? Math.round(young.space_size / 2 ** 20) : 0);`;
  const { stdout } = spawnSync(process.execPath, ['--input-type=module', '-e', program], { encoding: 'utf8' });
  return Number(stdout);
}

test('a process that reads very many files keeps V8’s young generation small', () => {
  writeFileSync(join(folder, '0_a.sql'), '');
  const few = youngAfterListing();
  for (let index = 1; index < 3000; index += 1) writeFileSync(join(folder, `${index}_a.sql`), '');
  const many = youngAfterListing();
  expect(many).toBeGreaterThan(0);
  expect(many).toBeLessThanOrEqual(few / 2);
});
