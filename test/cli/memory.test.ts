import { readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { describe, expect, test } from 'vitest';
import { createTestDatabase } from '../support/database.ts';
import { hasOtherNodes, otherNode } from '../support/other-node.ts';
import { createProject, type TestProject } from '../support/project.ts';
import { shippedGodwit, startProgram } from '../support/running.ts';

/** The most that a command may take, in MB, with this many files; measured, and a quarter more. */
const limits = { files: 2_000, plan: 125, up: 150 };

const files = Object.fromEntries(
  Array.from({ length: limits.files }, (_, at) => [`migrations/${at + 1}_table_${at}.sql`, tableAndView(at)]),
);

function tableAndView(at: number): string {
  return at % 2 === 0
    ? `create table t_${at} (id bigint primary key, name text not null, made timestamptz not null default now());\n`
    : `create view v_${at} as select id, name from t_${at - 1} where made < now();\n`;
}

/** The peak of a command of the built program, with nothing kept from an earlier start. */
async function peakOf(node: string, project: TestProject, url: string, ...words: readonly string[]): Promise<number> {
  const file = join(project.folder, 'peak');
  const { ended } = startProgram([node, shippedGodwit, ...words], {
    cwd: project.folder,
    env: {
      DATABASE_URL: url,
      GODWIT_NO_CACHE: '1',
      GODWIT_TEST_PEAK: file,
      NODE_OPTIONS: `--require ${resolve('test/support/peak.cjs')}`,
    },
  });
  const { exitCode, shown } = await ended;
  expect(exitCode, shown.slice(-2_000)).toBe(0);
  return Number(readFileSync(file, 'utf8'));
}

describe('memory stays small', { timeout: 240_000 }, () => {
  const others = hasOtherNodes ? [22, 24, 26] : [];
  const nodes = [['this Node', undefined], ...others.map((major) => [`Node ${major}`, major] as const)] as const;

  test.each(nodes)('on %s, when many files are analysed and planned', async (_, major) => {
    await using database = await createTestDatabase();
    using project = createProject(files);
    const node = major === undefined ? process.execPath : await otherNode(major);
    expect(await peakOf(node, project, database.url, 'plan')).toBeLessThan(limits.plan);
  });

  test('when many migrations are applied', async () => {
    await using database = await createTestDatabase();
    using project = createProject(files);
    expect(await peakOf(process.execPath, project, database.url, 'up')).toBeLessThan(limits.up);
  });
});
