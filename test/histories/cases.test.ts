import { describe, expect, test } from 'vitest';
import { createTestDatabase, majors } from '../support/database.ts';
import { alterations, names, triggers } from './cases/alterations.ts';
import { creations } from './cases/creations.ts';
import { runsOf, type Matrix } from './cases/matrix.ts';
import { laterProjects } from './cases/later-projects.ts';
import { projects } from './cases/projects.ts';
import type { SmallProject } from './cases/small-project.ts';
import { evaluate, type Verdict } from './evaluate.ts';
import type { History } from './history.ts';
import { withClient } from './replay.ts';
import type { Stage } from './stage.ts';
import { roles } from './statements/proposal.ts';

/** The server that all tests share, as a stage of histories. */
async function stageOf(major: number): Promise<Stage> {
  await using database = await createTestDatabase(major);
  // Roles belong to the whole server, and two test files may come here at once.
  for (const role of roles)
    await database.query(
      `do $$ begin create role ${role}; exception when duplicate_object or unique_violation then null; end $$`,
    );
  return {
    major,
    async database(template) {
      const made = await createTestDatabase(major, template);
      return {
        name: made.name,
        url: made.url,
        connect: () => made.connect(),
        [Symbol.asyncDispose]: () => made.drop(),
      };
    },
    [Symbol.asyncDispose]: () => Promise.resolve(),
  };
}

function historyOf(
  major: number,
  runs: readonly (readonly (readonly string[])[])[],
  damages: readonly string[] = [],
): History {
  let id = 0;
  const numbered = runs.map((files) => files.map((statements) => ({ id: String((id += 1)), statements })));
  return { seed: 0, major, runs: numbered, foreign: [], damages };
}

function projectHistory({ runs, damages, others }: SmallProject, major: number): History {
  const split = runs.map((files) => files.map((text) => text.split(/;\n(?! |END)/)));
  const foreign = (others ?? []).map((sql) => ({ run: runs.length - 1, when: 'after' as const, sql, pauseMs: 0 }));
  return { ...historyOf(major, split, damages), foreign };
}

function wrongs({ failures }: Verdict): readonly string[] {
  return failures.map(({ kind, at, about, detail, statement }) => `${kind} (${about}), ${at}: ${detail}: ${statement}`);
}

describe.each(majors)('on PostgreSQL %i', (major) => {
  test.each([alterations, names, creations, triggers])(
    'each of these as a second run is applied and verified without a complaint: $name',
    async (matrix: Matrix) => {
      const stage = await stageOf(major);
      await using scratch = await stage.database();
      const runs = await withClient(scratch, async (client) => await runsOf(matrix, client));
      expect(runs[1]?.length).toBeGreaterThan(20);
      const verdict = await evaluate(stage, { seed: 0, major, runs, foreign: [], damages: [] }, { damages: 0 });
      expect(verdict.state).toBe('judged');
      expect(wrongs(verdict)).toEqual([]);
    },
    300_000,
  );

  test.each([...projects, ...laterProjects])(
    '$name',
    async (project) => {
      const verdict = await evaluate(await stageOf(major), projectHistory(project, major), {
        damages: project.damages?.length ?? 0,
      });
      expect(wrongs(verdict)).toEqual([]);
      expect(verdict.state).toBe('judged');
      expect(verdict.damages).toBe(project.damages?.length ?? 0);
    },
    600_000,
  );
});
