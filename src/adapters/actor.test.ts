import { execFileSync } from 'node:child_process';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { hostname, tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { resolveActor, identifyActor } from './actor.ts';

let root = '';
beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), 'godwit-actor-'));
});
afterEach(async () => await rm(root, { recursive: true, force: true }));

const git = (...options: readonly string[]) =>
  execFileSync('git', ['-c', 'user.name=a', '-c', 'user.email=a@b', ...options], {
    cwd: root,
    encoding: 'utf8',
  }).trim();

test('a person is named with the machine, CI by its own words', () => {
  expect(identifyActor({})).toEqual({ by: expect.stringMatching(/.+@.+/), from: hostname() });
  const github = {
    GITHUB_ACTIONS: 'true',
    GITHUB_ACTOR: 'ann',
    GITHUB_REPOSITORY: 'o/r',
    GITHUB_WORKFLOW: 'deploy',
    GITHUB_RUN_ID: '7',
  };
  expect(identifyActor(github)).toEqual({ by: 'ann', from: 'GitHub Actions o/r deploy 7' });
  expect(identifyActor({ GITLAB_CI: 'true', GITLAB_USER_LOGIN: 'bob', CI_JOB_URL: 'u' })).toEqual({
    by: 'bob',
    from: 'GitLab CI u',
  });
  expect(identifyActor({ CI: 'true' }).from).toBe(`CI on ${hostname()}`);
});

test('the commit is that of the working tree, also from a folder below, on a branch, detached and packed', async () => {
  git('init', '-q');
  await writeFile(join(root, 'a'), '1');
  git('add', 'a');
  git('commit', '-qm', 'first');
  const commit = git('rev-parse', 'HEAD');
  await mkdir(join(root, 'sub'));
  expect((await resolveActor(join(root, 'sub'), {}, '1')).commit).toBe(commit);
  git('pack-refs', '--all');
  expect((await resolveActor(root, {}, '1')).commit).toBe(commit);
  git('checkout', '-q', '--detach');
  expect((await resolveActor(root, {}, '1')).commit).toBe(commit);
});

test('changes in tracked files are said behind the commit', async () => {
  git('init', '-q');
  await writeFile(join(root, 'a'), '1');
  git('add', 'a');
  git('commit', '-qm', 'first');
  await writeFile(join(root, 'a'), '2');
  expect((await resolveActor(root, {}, '1')).commit).toBe(`${git('rev-parse', 'HEAD')}+changes`);
});

test('outside git the commit is that of CI, or empty', async () => {
  expect(await resolveActor(root, {}, '1')).toMatchObject({ commit: '', tool: '1' });
  expect(await resolveActor(root, { CI_COMMIT_SHA: 'abc' }, '1')).toMatchObject({ commit: 'abc' });
});
