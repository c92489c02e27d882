import { chownSync, cpSync, existsSync, lstatSync, readdirSync, renameSync } from 'node:fs';
import { join } from 'node:path';

import { Client } from 'pg';
import { expect, test } from 'vitest';

import { dataFolder } from '../support/folder.ts';
import { inspectEmbedded, stopEmbedded } from '../../src/adapters/embedded/control.ts';
import { startEmbedded, type EmbeddedOptions, type EmbeddedServer } from '../../src/adapters/embedded/server.ts';

async function start(dataDir: string, options: Partial<EmbeddedOptions> = {}): Promise<EmbeddedServer> {
  const started = await startEmbedded({ dataDir, major: 18, ...options });
  if (!started.ok) throw new Error(JSON.stringify(started.findings));
  return started.value;
}

async function ask(url: string, sql: string): Promise<unknown> {
  const client = new Client({ connectionString: url });
  await client.connect();
  try {
    return Object.values(((await client.query(sql)).rows[0] as Record<string, unknown> | undefined) ?? {})[0];
  } finally {
    await client.end();
  }
}

/** What `cp -a` keeps: whose each file is. */
function chownLike(original: string, copy: string): void {
  for (const name of ['.', ...(readdirSync(original, { recursive: true }) as string[])]) {
    const { uid, gid } = lstatSync(join(original, name));
    if (existsSync(join(copy, name))) chownSync(join(copy, name), uid, gid);
  }
}

test('F3: a folder that was copied while its server ran has a server of its own; one that was moved keeps its server', async () => {
  const original = join(dataFolder('copied'), 'postgres');
  const first = await start(original, { keep: true });
  await ask(first.url, 'create table original (id int)');
  await ask(first.url, 'checkpoint');
  const copy = join(dataFolder('copied'), 'postgres');
  cpSync(original, copy, {
    recursive: true,
    preserveTimestamps: true,
    filter: (source) => !lstatSync(source).isSocket(),
  });
  if (process.getuid?.() === 0) chownLike(original, copy);
  expect(inspectEmbedded(copy).running).toBe(false);
  expect(await stopEmbedded(copy)).toBe(false);
  const reported: string[] = [];
  const second = await start(copy, { onProgress: ({ message }) => reported.push(message) });
  expect(reported.join()).toContain(`of a folder whose server was running (${join(original, 'data')})`);
  expect(second.guest).toBe(false);
  expect(second.port).not.toBe(first.port);
  await ask(second.url, 'create table only_in_copy (id int)');
  expect(await ask(first.url, "select to_regclass('only_in_copy')")).toBeNull();
  await second.stop();
  expect(inspectEmbedded(original).running).toBe(true);
  const moved = `${original}-moved`;
  renameSync(original, moved);
  expect(inspectEmbedded(moved).running).toBe(true);
  renameSync(moved, original);
  expect(await stopEmbedded(original)).toBe(true);
});
