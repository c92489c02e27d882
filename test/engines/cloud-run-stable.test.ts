import { expect, test } from 'vitest';
import { applyTask, bundleIn } from '../support/apply-task.ts';
import { jobWorld } from '../support/cloud-run.ts';
import { createTestDatabase } from '../support/database.ts';
import { createProject } from '../support/project.ts';

const files = { 'migrations/1_users.sql': 'create table users (id bigint primary key);' };

test.each(['kept', 'ignored'] as const)(
  'of two callers of a stable job at once each has its own task executed, once, or none (tokens %s) (`job-not-started`)',
  { timeout: 120_000 },
  async (tokens) => {
    await using database = await createTestDatabase();
    await using world = await jobWorld(database.url, { job: 'stable' });
    using project = createProject(files);
    if (tokens === 'ignored') world.emulator.faults.onToken('ignored');
    const bundle = await bundleIn(project.folder);
    const tasks = [applyTask({ waitMs: 20_000 }), applyTask({ waitMs: 20_000 })];
    const ends = await Promise.all(tasks.map((task) => world.perform(task, bundle)));
    for (const [index, { events, exitCode, findings }] of ends.entries()) {
      const started = events.filter((event) => event.kind === 'run.started').map(({ run }) => run);
      const codes = findings.map(({ code }) => code);
      expect([started, codes]).toEqual(exitCode === 0 ? [[tasks[index]?.run], []] : [[], ['job-not-started']]);
    }
    const executed = world.emulator.state.executions.map(
      ({ labels }) => (labels as Record<string, string>)['godwit-run'],
    );
    expect(new Set(executed).size, 'no task twice').toBe(executed.length);
    expect(ends.some(({ exitCode }) => exitCode === 0)).toBe(true);
  },
);
