import { once } from 'node:events';
import { connect, createServer, type AddressInfo } from 'node:net';
import { expect, test } from 'vitest';
import { createTestDatabase } from '../support/database.ts';
import { createProject } from '../support/project.ts';
import { elapse } from '../support/elapse.ts';

const lateMs = 2_000;

/**
 * A way to the database on which the connection breaks at a message that fits; what was sent from there on arrives all
 * the same, but late, when the sender has long been back on another connection.
 */
async function lateFrom(url: string, text: string): Promise<{ readonly url: string; close(): void }> {
  const target = new URL(url);
  let broken = false;
  const server = createServer((client) => {
    const upstream = connect(Number(target.port), target.hostname);
    for (const socket of [client, upstream]) socket.on('error', () => {});
    upstream.pipe(client);
    let late: Buffer[] | undefined;
    client.on('data', (data) => {
      if (!broken && data.includes(text)) {
        broken = true;
        const kept: Buffer[] = (late = []);
        setTimeout(() => client.destroy(), 200);
        setTimeout(() => upstream.end(Buffer.concat(kept)), lateMs);
      }
      if (late === undefined) upstream.write(data);
      else late.push(data);
    });
    client.on('close', () => {
      if (late === undefined) upstream.destroy();
    });
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const through = new URL(url);
  through.hostname = '127.0.0.1';
  through.port = String((server.address() as AddressInfo).port);
  return { url: through.href, close: () => server.close() };
}

test('the first writes of a run that arrive after their sender has come back do nothing behind its back', async () => {
  await using database = await createTestDatabase();
  const late = await lateFrom(database.url, 'UPDATE godwit.epoch');
  using project = createProject({ 'migrations/1_a.sql': 'create table a (n int);' }, database.url);
  expect((await project.run('up')).exitCode).toBe(0);
  project.write('migrations/2_b.sql', 'insert into a values (1);');
  project.write('migrations/3_c.sql', 'insert into a values (2);');
  const up = await project.runWith({ DATABASE_URL: late.url }, 'up');
  await elapse(lateMs, 'what was late has arrived');
  late.close();
  expect(up.exitCode, up.err).toBe(0);
  expect(up.err).toContain('2 migrations applied');
  expect(await database.query('select n from a order by n')).toEqual([{ n: 1 }, { n: 2 }]);
  expect(await database.query('select outcome, exit_code from godwit.run order by started_at')).toEqual([
    { outcome: 'done', exit_code: 0 },
    { outcome: 'done', exit_code: 0 },
  ]);
});
