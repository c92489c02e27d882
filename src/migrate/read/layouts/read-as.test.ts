import { expect, test } from 'vitest';
import { nodeHashing } from '../../../adapters/files/hashing.ts';
import { createFolder } from '../../../../test/support/layout-folder.ts';
import { readFolder } from '../read-folder.ts';

async function whyRefused(files: Readonly<Record<string, string>>): Promise<readonly string[]> {
  using folder = createFolder(files);
  const read = await readFolder(folder, nodeHashing);
  return read.ok
    ? [`read as ${read.value.layout}`]
    : read.findings.map(({ code, why, fix }) => `${code}: ${why} ${fix}`);
}

test('`foreign-layout`: a folder of a tool that is not read is refused by name, with the way on', async () => {
  const [refused, ...others] = await whyRefused({ '20240101000000_create_users.rb': 'class CreateUsers; end' });
  expect(others).toEqual([]);
  expect(refused).toMatch(/^foreign-layout: .*Rails.*`godwit exec -- bin\/rails db:migrate`/);
});

test('`foreign-layout`: a folder of two tools is refused with the names of both', async () => {
  const [refused] = await whyRefused({ 'V1__a.sql': 'SELECT 1;', '2_b.up.sql': 'SELECT 1;' });
  expect(refused).toContain('golang-migrate (2_b.up.sql), Flyway (V1__a.sql)');
});
