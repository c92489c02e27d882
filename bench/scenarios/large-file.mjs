import { closeSync, mkdirSync, openSync, writeSync } from 'node:fs';
import { join } from 'node:path';

import { runNode } from '../support/child.mjs';
import { row, target } from '../support/rounds.mjs';
import { query } from '../support/workshop.mjs';

export const title = '`up` of one large file, as INSERT statements and as COPY data';

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
  const size = (workshop.quick ? 10 : 100) * 1_048_576;
  const rows = [];
  const targets = [];
  for (const [name, shape] of Object.entries(shapes)) {
    const project = workshop.path(`large-${name}`);
    const count = writeLarge(project, shape, size);
    const url = await workshop.database();
    const options = { cwd: project, env: { DATABASE_URL: url }, peak: true };
    const { ms, peakMiB, cpuMs } = await runNode([workshop.godwit, 'up'], options);
    const found = (await query(url, 'SELECT count(*)::int AS n FROM seed_rows')).rows[0].n;
    if (found !== count) throw new Error(`${name}: expected ${count} rows, found ${found}`);
    rows.push(row(`${size / 1_048_576} MiB of ${name}, ${count} rows`, [ms], { peakMiB, cpuMs }));
    targets.push(target(`peak memory, ${name}`, peakMiB, 200, { unit: 'MiB' }));
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
