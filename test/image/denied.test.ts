import { expect, test } from 'vitest';
import { applyTask, bundleIn } from '../support/apply-task.ts';
import { jobWorld } from '../support/cloud-run.ts';
import { createProject } from '../support/project.ts';

const upload = 'artifactregistry.repositories.uploadArtifacts';

test('whoever may not write into the repository is told before any job is made', async () => {
  await using world = await jobWorld('postgresql://u:p@127.0.0.1:1/d');
  const principal = 'user:someone@example.com';
  world.emulator.iam.revoke(principal, upload);
  using project = createProject({ 'migrations/1_a.sql': 'create table a (n int);' });
  const execution = await world.perform(applyTask(), await bundleIn(project.folder));
  expect(execution.findings.map(({ code }) => code)).toEqual(['registry-denied']);
  expect(execution.exitCode).toBe(10);
  expect(world.called('CreateJob')).toBe(0);
  expect(world.cloud.leaked()).toEqual([]);
});

test('an image that is there needs no right to write', async () => {
  await using world = await jobWorld('postgresql://u:p@127.0.0.1:1/d');
  using project = createProject({ 'migrations/1_a.sql': 'create table a (n int);' });
  const bundle = await bundleIn(project.folder);
  await world.engine().prepare(applyTask(), bundle);
  world.emulator.iam.revoke('user:someone@example.com', upload);
  expect(await world.engine().prepare(applyTask(), bundle)).toMatchObject({ ok: true });
});
