import { rmSync } from 'node:fs';
import { Client } from 'pg';
import { expect, test } from 'vitest';
import { startEmbedded } from '../../src/adapters/embedded/server.ts';
import type { RunEvent } from '../../src/migrate/contract/event.ts';
import { until } from '../support/child.ts';
import { dataFolder } from '../support/folder.ts';
import { createProject } from '../support/project.ts';

const settings = { fsync: 'off', autovacuum: 'on', autovacuum_naptime: '1s', max_connections: '20' };
/** So slow that it would hold the table for hours. */
const crawling = `autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 1, autovacuum_vacuum_insert_threshold = 1,
  autovacuum_vacuum_insert_scale_factor = 0, autovacuum_vacuum_cost_delay = 100, autovacuum_vacuum_cost_limit = 1`;

test('autovacuum gives way, although it does so only for those who wait longer than a migration may', async () => {
  const dataDir = dataFolder('autovacuum');
  const started = await startEmbedded({ dataDir, major: 18, settings });
  if (!started.ok) throw new Error(started.findings[0]?.why);
  const client = new Client({ connectionString: started.value.url });
  try {
    await client.connect();
    using folder = createProject(
      { 'migrations/1_events.sql': `create table events (id int, payload text) with (${crawling});` },
      started.value.url,
    );
    expect((await folder.run('up')).exitCode).toBe(0);
    await client.query(
      "insert into events select n, repeat('x', 500) from generate_series(1, 50000) n; delete from events where id % 2 = 0",
    );
    const under = "select 1 from pg_stat_progress_vacuum where relid = 'events'::regclass and phase = 'scanning heap'";
    await until('autovacuum is at work', async () => (await client.query(under)).rows.length > 0, 25_000);
    folder.write('migrations/2_change.sql', 'alter table events add column at timestamptz;');
    const ran = await folder.run('up', '--lock-budget', '20s', '--json');
    expect(ran.exitCode, ran.out).toBe(0);
    const seen = ran.json.flatMap((event: RunEvent) => (event.kind === 'lock.retry' ? event.blockers : []));
    expect(seen.map(({ query }) => query)).toContain('autovacuum worker');
  } finally {
    await client.end();
    await started.value.stop();
    rmSync(dataDir, { recursive: true, force: true });
  }
}, 240_000);
