import type { Client } from 'pg';
import type { Dice } from '../histories/dice.ts';
import { diceOf } from '../histories/dice.ts';
import type { Place, Stage } from '../histories/stage.ts';
import { createProject, type TestProject } from '../support/project.ts';

/** A history that was made by commands, to be copied and damaged. */
export interface Scene {
  readonly place: Place;
  /** All files, those of pending migrations included. */
  readonly files: Readonly<Record<string, string>>;
  /** What was done, a line each. */
  readonly story: readonly string[];
  /** Parts of migrations that are in effect, as the database itself would tell: by what they have counted. */
  readonly inEffect: ReadonlySet<string>;
  /** Parts that `up` has to execute. */
  readonly pending: readonly string[];
}

/** Each migration counts what it does: a second application is seen. `gate` lets a part of one fail. */
const ground = `create table tally (n bigint generated always as identity primary key, unit text not null, way text not null default 'up');
create table gate (id int)`;

/** The tables of schema godwit as they were, under `earlier`. */
const remember = `do $$ declare t text; k int := (select count(*) from pg_namespace where nspname like 'earlier%'); begin
  execute format('create schema earlier%s', k);
  for t in select relname from pg_class where relnamespace = 'godwit'::regnamespace and relkind = 'r' loop
    execute format('create table earlier%s.%I as select * from godwit.%I', k, t, t);
  end loop;
end $$`;

/** Makes the history with this number. */
export async function makeScene(stage: Stage, number: number): Promise<Scene> {
  const dice = diceOf(number * 7919 + stage.major);
  const place = await stage.database();
  const client = await place.connect();
  using project = createProject({}, place.url);
  const work = createWork({ client, project, dice });
  try {
    await client.query(ground);
    await work.up();
    const steps = 4 + dice.upTo(4);
    for (let step = 0; step < steps; step += 1) {
      await client.query(remember);
      await dice.of(
        work.up,
        work.up,
        work.fail,
        work.down,
        work.exec,
        work.baseline,
        work.accept,
        work.prune,
        work.prune,
      )();
    }
    if (dice.maybe(0.3)) await work.stopInPart();
    else await work.up();
    const pending = work.leavePending();
    const { rows } = await client.query<{ unit: string; way: string }>('select unit, way from tally order by n');
    const inEffect = new Set(work.recordedOnly);
    for (const { unit, way } of rows) {
      if (way === 'up') inEffect.add(unit);
      else inEffect.delete(unit);
    }
    return { place, files: work.files, story: work.story, inEffect, pending };
  } finally {
    await client.end();
  }
}

interface Tools {
  readonly client: Client;
  readonly project: TestProject;
  readonly dice: Dice;
}

function createWork({ client, project, dice }: Tools) {
  const files: Record<string, string> = {};
  const story: string[] = [];
  const recordedOnly = new Set<string>();
  const standing: number[] = [];
  let last = 0;
  const write = (path: string, text: string): void => {
    files[path] = text;
    project.write(path, text);
  };
  const next = (): number => {
    last += 1;
    write(`migrations/${last}_m.sql`, body(last));
    write(
      `migrations/${last}_m.down.sql`,
      `drop table t${last};\ninsert into tally (unit, way) values ('${last}', 'down');`,
    );
    return last;
  };
  const run = async (line: string, exitCode: number): Promise<void> => {
    const ran = await project.run(...line.split(' '));
    story.push(`${line}: ${ran.exitCode}`);
    if (ran.exitCode !== exitCode) throw new Error(`${story.join('\n')}\n${ran.out}${ran.shown}`);
  };
  const stand = (): void => {
    standing.splice(0, standing.length, ...Array.from({ length: last }, (_, n) => n + 1));
  };
  const work = {
    files,
    story,
    recordedOnly,
    up: async (): Promise<void> => {
      for (let left = dice.upTo(3); left > 0; left -= 1) next();
      await run('up', 0);
      stand();
    },
    fail: async (): Promise<void> => {
      const path = `migrations/${last + 1}_bad.sql`;
      project.write(path, `insert into tally (unit) values ('bad');\nselect no_such;`);
      await run('up', 40);
      project.remove(path);
    },
    down: async (): Promise<void> => {
      const undone = standing.pop();
      if (undone === undefined) return await work.up();
      await run('down', 0);
      recordedOnly.delete(String(undone));
    },
    exec: async (): Promise<void> => await run('exec -- true', 0),
    baseline: async (): Promise<void> => {
      await run('up', 0);
      stand();
      const version = next();
      await client.query(`create table t${version} (id int primary key, v text)`);
      await run(`adopt --baseline ${version} --yes`, 0);
      recordedOnly.add(String(version));
      stand();
    },
    accept: async (): Promise<void> => {
      const [first] = standing;
      if (first === undefined) return await work.up();
      await client.query(`comment on table t${first} is 'by hand ${story.length}'`);
      await run(`verify --accept public.t${first} --reason tried`, 0);
    },
    prune: async (): Promise<void> => await run(`runs prune --before ${new Date().toISOString()} --yes`, 0),
    stopInPart: async (): Promise<void> => {
      last += 1;
      write(
        `migrations/${last}_part.sql`,
        `insert into tally (unit) values ('${last}.a');\ncreate index concurrently tally_${last} on tally (unit);\ninsert into tally (unit) select '${last}.b' where 1 / (select count(*) from gate) = 1;`,
      );
      await run('up', 41);
      await client.query('insert into gate values (1)');
    },
    leavePending: (): readonly string[] => {
      const inPart = files[`migrations/${last}_part.sql`] === undefined ? [] : [`${last}.b`];
      return [...inPart, ...Array.from({ length: dice.upTo(2) }, () => String(next()))];
    },
  };
  return work;
}

function body(version: number): string {
  return `create table t${version} (id int primary key, v text);\ninsert into t${version} values (1, 'a');\ninsert into tally (unit) values ('${version}');`;
}
