import type { Result } from './shrink.ts';
import { fileOf, type History } from './history.ts';

/** What a campaign has shown: counts, kinds of failures with the commonest first, and an example of each. */
export function reportOf(results: readonly Result[]): { readonly text: string; readonly failed: boolean } {
  const failing = results.filter(({ verdict }) => verdict.failures.length > 0);
  const sorts = new Map<string, { readonly seeds: Set<number>; count: number; example: string }>();
  for (const { history, verdict } of failing) {
    for (const { kind, about, at, detail, statement } of verdict.failures) {
      const said = statement === '' ? '' : `\n      ${short(statement, 300)}`;
      const sort = sorts.get(`${kind}: ${about}`) ?? {
        seeds: new Set(),
        count: 0,
        example: `${short(at, 200)}: ${short(detail, 400)}${said}`,
      };
      sort.seeds.add(history.seed);
      sort.count += 1;
      sorts.set(`${kind}: ${about}`, sort);
    }
  }
  const lines = [...sorts]
    .sort(([, a], [, b]) => b.seeds.size - a.seeds.size)
    .map(
      ([sort, { seeds, count, example }]) =>
        `${String(count).padStart(5)}  ${sort}  (seeds ${[...seeds].slice(0, 6).join(', ')}${seeds.size > 6 ? ', …' : ''})\n      ${example}`,
    );
  const state = (wanted: string): number => results.filter(({ verdict }) => verdict.state === wanted).length;
  const statements = results.reduce(
    (sum, { history }) => sum + history.runs.flat().reduce((all, one) => all + one.statements.length, 0),
    0,
  );
  const damages = results.reduce((sum, { verdict }) => sum + verdict.damages, 0);
  const closing = [
    `${results.length} histories, ${statements} statements, ${damages} damages; ${results.filter(({ history }) => history.foreign.length > 0).length} with others beside them.`,
    `Left out: ${state('refused')} that psql refuses, ${state('broken')} that others' changes break for psql too.`,
    `${failing.length} failed${
      failing.length > 0
        ? `: seeds ${failing
            .slice(0, 40)
            .map(({ history }) => `${history.seed}`)
            .join(', ')}`
        : ''
    }.`,
  ];
  return { text: [...lines, '', ...closing].join('\n'), failed: failing.length > 0 };
}

/** A history as text. */
export function storyOf(history: History): string {
  const runs = history.runs.map((migrations, index) => {
    const beside = history.foreign
      .filter(({ run }) => run === index + 1)
      .map(({ when, sql }) => `-- others, ${when}: ${sql};`);
    return [
      `-- run ${index + 1}`,
      ...migrations.map((one) => `-- ${fileOf(one).name}\n${fileOf(one).text}`),
      ...beside,
    ].join('\n');
  });
  const damages = history.damages.map((sql) => `-- damage: ${sql};`);
  return [`-- seed ${history.seed}, PostgreSQL ${history.major}`, ...runs, ...damages].join('\n');
}

function short(text: string, most: number): string {
  const line = text.replaceAll(/\s+/g, ' ');
  return line.length > most ? `${line.slice(0, most)}…` : line;
}
