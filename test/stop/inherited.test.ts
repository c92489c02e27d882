import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, vi } from 'vitest';
import { createChildProcessEngine } from '../../src/adapters/engines/local/child-process.ts';
import { nodeHashing } from '../../src/adapters/files/hashing.ts';
import type { Bundle } from '../../src/migrate/contract/ports.ts';
import { createProject } from '../support/project.ts';
import { until } from '../support/child.ts';
import { test } from '../support/test.ts';

const empty: Bundle = {
  hash: '',
  layout: 'native',
  set: 'app',
  migrations: [],
  analysis: () => Promise.reject(new Error('none')),
  body: () => Promise.reject(new Error('none')),
};

test('a runner of its own inherits where certificates are, and no other secret', async () => {
  using project = createProject({
    'runner.mjs':
      "import { writeFileSync } from 'node:fs';\nwriteFileSync(process.argv[2] + '/env.json', JSON.stringify(process.env));",
  });
  vi.stubEnv('NODE_EXTRA_CA_CERTS', '/etc/ssl/corporate.pem');
  vi.stubEnv('SOME_TOKEN', 'canary');
  const engine = createChildProcessEngine({
    runsFolder: join(project.folder, 'runs'),
    runner: join(project.folder, 'runner.mjs'),
    databaseUrl: 'postgresql://u@127.0.0.1:1/d?sslmode=verify-full',
    hashing: nodeHashing,
  });
  const task = {
    kind: 'probe',
    run: '01TEST',
    environment: { name: 'local', protected: false },
    actor: { by: 't', from: 't', commit: '', tool: '0' },
  } as const;
  try {
    const prepared = await engine.prepare(task, empty);
    if (!prepared.ok) throw new Error('not prepared');
    const started = await engine.start(prepared.value);
    if (!started.ok) throw new Error('not started');
  } finally {
    vi.unstubAllEnvs();
  }
  const file = join(project.folder, 'runs/01TEST/env.json');
  const read = (): Record<string, string> => {
    try {
      return JSON.parse(readFileSync(file, 'utf8')) as Record<string, string>;
    } catch {
      return {};
    }
  };
  await until('the runner has said what it has', () => 'PATH' in read());
  expect(read()).toMatchObject({
    NODE_EXTRA_CA_CERTS: '/etc/ssl/corporate.pem',
    DATABASE_URL: expect.stringContaining('sslmode=verify-full'),
  });
  expect(JSON.stringify(read())).not.toContain('canary');
});

test('a detached run that cannot be prepared is closed in the ledger, with what went wrong', async ({ database }) => {
  using project = createProject({ 'migrations/1_a.sql': 'create table a (' }, database.url);
  const ran = await project.run('up', '--detach');
  expect(ran.exitCode).toBe(10);
  const listed = await project.run('runs', 'list', '--json');
  expect(listed.json[0]).toMatchObject({ runs: [{ outcome: 'refused', exitCode: 10 }] });
});
