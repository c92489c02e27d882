import { execFileSync } from 'node:child_process';
import { expect, test } from 'vitest';
import { createRegistry } from './registry.ts';
import { addStandIn } from './stand-in.ts';

test('the stand-in is an image whose layer a tar program reads, with Node at its usual place', async () => {
  await using registry = await createRegistry();
  const digest = addStandIn(registry.store, 'library/node:22-slim');
  expect(registry.manifest('library/node', '22-slim')?.digest).toBe(digest);
  const [layer] = registry.layersOf(`${registry.host}/library/node:22-slim`) ?? [];
  const listed = execFileSync('tar', ['-tf', '-'], { input: layer?.tar, encoding: 'utf8' });
  expect(listed.trim().split('\n')).toContain('usr/local/bin/node');
});
