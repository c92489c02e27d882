import { expect } from 'vitest';
import { createProject } from '../support/project.ts';
import { test } from '../support/test.ts';

test('fifty callers at once: one applies, all end well, and none says a word of error', async ({ database }) => {
  const files = Array.from({ length: 20 }, (_, n): [string, string] => [
    `migrations/${n + 1}_row.sql`,
    n === 0 ? 'create table log (n int);' : `insert into log values (${n});`,
  ]);
  using project = createProject(Object.fromEntries(files), database.url);
  const callers = await Promise.all(Array.from({ length: 50 }, async () => await project.run('up', '--json')));
  const errors = callers.flatMap(({ json }) =>
    json.filter((event) => event.kind === 'finding' && event['severity'] !== 'warning'),
  );
  expect(errors).toEqual([]);
  expect(callers.map(({ exitCode }) => exitCode)).toEqual(Array.from({ length: 50 }, () => 0));
  const outcomes = callers.map(({ json }) => json.at(-1)?.['outcome']);
  expect(outcomes.filter((outcome) => outcome === 'done').length).toBe(1);
  expect(outcomes.filter((outcome) => outcome === 'nothing-to-do').length).toBe(49);
  expect(await database.query('select count(*)::int as n, count(distinct n)::int as different from log')).toEqual([
    { n: 19, different: 19 },
  ]);
  expect(await database.query('select count(*)::int as runs from godwit.run')).toEqual([{ runs: 1 }]);
}, 600_000);
