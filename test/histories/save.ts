import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Result } from './shrink.ts';
import { fileOf } from './history.ts';
import { storyOf } from './report.ts';

/** Writes each failing history as a project: its files, its story, and what failed. */
export function save(folder: string, results: readonly Result[]): void {
  for (const { history, verdict } of results) {
    if (verdict.failures.length === 0) continue;
    const project = join(folder, `seed-${history.seed}-on-${history.major}`);
    mkdirSync(join(project, 'migrations'), { recursive: true });
    for (const migration of history.runs.flat()) {
      const { name, text } = fileOf(migration);
      writeFileSync(join(project, 'migrations', name), text);
    }
    const story = history.runs.map((migrations, index) => `run ${index + 1}: godwit up --to ${migrations.at(-1)?.id}`);
    writeFileSync(join(project, 'story.sql'), `${story.map((line) => `-- ${line}`).join('\n')}\n${storyOf(history)}\n`);
    writeFileSync(join(project, 'failures.json'), `${JSON.stringify(verdict.failures, null, 2)}\n`);
  }
}
