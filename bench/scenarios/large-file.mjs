import { closeSync, mkdirSync, openSync, writeSync } from 'node:fs';
import { join } from 'node:path';

import { nodesOf } from '../support/nodes.mjs';
import { row, target } from '../support/rounds.mjs';
import { query } from '../support/database.mjs';

export const title = '`up` of one file of 100 MB, as INSERT statements and as COPY data';

const table = 'CREATE TABLE seed_rows (id bigint PRIMARY KEY, label text NOT NULL, note text NOT NULL);\n';

const shapes = {
  INSERT: {
    head: table,
    line: (id) =>
      `INSERT INTO seed_rows (id, label, note) VALUES (${id}, 'label of row ${id}', 'a note that comes with row ${id}');\n`,
    tail: '',
  },
  COPY: {
    head: `${table}COPY seed_rows (id, label, note) FROM stdin;\n`,
    line: (id) => `${id}\tlabel of row ${id}\ta note that comes with row ${id}, as long as an ordinary sentence is\n`,
    tail: '\\.\n',
  },
};

export async function run(workshop) {
  const size = (workshop.quick ? 5 : 100) * 1_000_000;
  const rows = [];
  const targets = [];
  for (const [name, shape] of Object.entries(shapes)) {
    const project = workshop.path(`large-${name}`);
    const count = writeLarge(project, shape, size);
    for (const { name: on, node } of await nodesOf(workshop)) {
      const url = await workshop.database();
      workshop.forget(project);
      const sample = await workshop.run(['up'], {
        cwd: project,
        env: { DATABASE_URL: url },
        node,
        cache: 'cold',
        peak: true,
      });
      const found = (await query(url, 'SELECT count(*)::int AS n FROM seed_rows')).rows[0].n;
      if (found !== count) throw new Error(`${name}: expected ${count} rows, found ${found}`);
      await query((await workshop.server()).url, `DROP DATABASE ${new URL(url).pathname.slice(1)}`);
      rows.push(row(`${name}, ${count} rows, ${on}`, [sample]));
      targets.push(target(`peak memory, ${name}, ${on}`, sample.peakMB, 200, { unit: 'MB' }));
    }
  }
  return { rows, targets };
}

/** Writes the project; returns the number of rows. */
function writeLarge(project, { head, line, tail }, size) {
  mkdirSync(join(project, 'migrations'), { recursive: true });
  const file = openSync(join(project, 'migrations', '0001_seed.sql'), 'w');
  writeSync(file, head);
  let written = head.length;
  let id = 1_000_000;
  while (written < size) {
    let part = '';
    for (let more = 0; more < 5_000 && written + part.length < size; more += 1) part += line((id += 1));
    writeSync(file, part);
    written += part.length;
  }
  writeSync(file, tail);
  closeSync(file);
  return id - 1_000_000;
}
