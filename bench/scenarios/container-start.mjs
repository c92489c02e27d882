// The start of a job: a container has no caches and no home, so the one-file runner starts cold each time. Its own work
// is timed until its first byte is on the way to the server; what the platform does before is not ours.
import { once } from 'node:events';
import { copyFileSync, mkdirSync } from 'node:fs';
import { connect, createServer } from 'node:net';
import { basename, join } from 'node:path';

import { runNode } from '../support/child.mjs';
import { addressOf, checkApplied } from '../support/database.mjs';
import { jobVariables } from '../support/job.mjs';
import { smallMigrations } from '../support/migrations.mjs';
import { nodesOf } from '../support/nodes.mjs';
import { row, rowsOf } from '../support/rounds.mjs';
import { bundleLikeGodwit, root } from '../support/workshop.mjs';

export const title = 'The cold start of a job: from the start of its process to the first byte for the server';

export async function run(workshop) {
  const migrations = smallMigrations(workshop.size(50));
  const variables = await jobVariables(workshop, migrations);
  const folder = workshop.path('job');
  mkdirSync(folder);
  const runner = join(folder, basename(workshop.runner));
  copyFileSync(workshop.runner, runner);
  const floor = join(folder, 'connect.mjs');
  await bundleLikeGodwit(join(root, 'bench', 'floor', 'connect.mjs'), floor);
  const line = await openLine((await workshop.server()).url);
  const rows = [];
  const whole = [];
  try {
    for (const { name, node } of await nodesOf(workshop)) {
      const start = async (args, more = {}) => {
        const direct = await workshop.database();
        const env = { PATH: process.env.PATH, DATABASE_URL: addressOf(direct, { port: line.port }), ...more };
        const first = line.firstByte();
        const sample = await runNode(args, { node, env, cwd: '/', bare: true });
        return { direct, sample, ms: await first };
      };
      const samples = await workshop.compare(
        [7, 15],
        {
          floor: { run: async () => ({ ms: (await start([floor])).ms }) },
          runner: {
            run: async () => {
              const { direct, sample, ms } = await start([runner, 'job'], variables);
              await checkApplied(direct, migrations);
              whole.push(sample);
              return { ms };
            },
          },
        },
        () => [['runner', 'floor']],
      );
      rows.push(...rowsOf(samples).map((one) => ({ ...one, name: `${name}: ${one.name}, first byte` })));
      rows.push(row(`${name}: runner, whole job of ${migrations.list.length} migrations`, whole.splice(0)));
    }
  } finally {
    await line.close();
  }
  return {
    notes: [
      'The floor is Node with `pg`, connecting. The files of Node and of the runner are in the memory of the system.',
    ],
    rows,
  };
}

/** A line to the server that tells when the first byte passes, counted from when it was asked to. */
async function openLine(url) {
  let waiting;
  const sockets = new Set();
  const server = createServer({ noDelay: true }, (near) => {
    const far = connect({ port: Number(new URL(url).port), host: '127.0.0.1', noDelay: true });
    for (const [from, to] of [
      [near, far],
      [far, near],
    ]) {
      sockets.add(from);
      from.on('error', () => to.destroy());
      from.on('close', () => sockets.delete(from) && to.destroy());
    }
    near.once('data', () => {
      waiting?.(performance.now());
      waiting = undefined;
    });
    near.pipe(far).pipe(near);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    port: server.address().port,
    firstByte() {
      const began = performance.now();
      return new Promise((resolve) => (waiting = (at) => resolve(at - began)));
    },
    async close() {
      for (const socket of sockets) socket.destroy();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}
