import { hostname, userInfo } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import type { Actor } from '../migrate/contract/task.ts';

type Env = Readonly<Record<string, string | undefined>>;

/**
 * Determines who acts, from where, and on which commit. Asks git in a child process for at most two seconds: call
 * early, await late.
 *
 * @param cwd project folder
 * @param env environment variables, by which CI systems identify themselves
 * @param tool version of godwit
 */
export async function resolveActor(cwd: string, env: Env, tool: string): Promise<Actor> {
  const commit = (await gitCommit(cwd)) ?? ciCommit(env);
  return { ...identifyActor(env), commit, tool };
}

/** The part of the actor that needs no child process. */
export function identifyActor(env: Env): Pick<Actor, 'by' | 'from'> {
  const ci = ciSystem(env);
  return { by: ci?.by ?? `${userName(env)}@${hostname()}`, from: ci?.from ?? hostname() };
}

interface CiSystem {
  readonly by: string;
  readonly from: string;
}

function ciSystem(env: Env): CiSystem | undefined {
  const name = (...keys: readonly string[]) => keys.map((key) => env[key]).find((value) => (value ?? '') !== '') ?? '';
  if (env['GITHUB_ACTIONS'] === 'true') {
    const job = [name('GITHUB_REPOSITORY'), name('GITHUB_WORKFLOW'), name('GITHUB_RUN_ID')].filter(Boolean).join(' ');
    return { by: name('GITHUB_ACTOR') || 'github-actions', from: `GitHub Actions ${job}`.trim() };
  }
  if (env['GITLAB_CI'] === 'true') {
    return {
      by: name('GITLAB_USER_LOGIN') || 'gitlab',
      from: `GitLab CI ${name('CI_JOB_URL', 'CI_PROJECT_PATH')}`.trim(),
    };
  }
  if ((env['BUILDKITE'] ?? '') !== '')
    return {
      by: name('BUILDKITE_BUILD_CREATOR') || 'buildkite',
      from: `Buildkite ${name('BUILDKITE_BUILD_URL')}`.trim(),
    };
  if ((env['CIRCLECI'] ?? '') !== '')
    return { by: name('CIRCLE_USERNAME') || 'circleci', from: `CircleCI ${name('CIRCLE_BUILD_URL')}`.trim() };
  if ((env['BUILD_ID'] ?? '') !== '' && (env['PROJECT_ID'] ?? '') !== '')
    return { by: 'cloud-build', from: `Cloud Build ${name('PROJECT_ID')} ${name('BUILD_ID')}` };
  if (/^(1|true)$/i.test(env['CI'] ?? '')) return { by: `${userName(env)}@${hostname()}`, from: `CI on ${hostname()}` };
  return undefined;
}

function ciCommit(env: Env): string {
  return (
    env['GITHUB_SHA'] ??
    env['CI_COMMIT_SHA'] ??
    env['BUILDKITE_COMMIT'] ??
    env['CIRCLE_SHA1'] ??
    env['COMMIT_SHA'] ??
    ''
  );
}

function userName(env: Env): string {
  try {
    return userInfo().username;
  } catch {
    // A container's uid may have no entry in passwd.
    return env['USER'] ?? env['LOGNAME'] ?? 'unknown';
  }
}

async function gitCommit(cwd: string): Promise<string | undefined> {
  const commit = await headCommit(cwd);
  if (commit === undefined) return undefined;
  const changes = await run('git', ['status', '--porcelain', '--untracked-files=no'], cwd);
  return (changes ?? '') === '' ? commit : `${commit}+changes`;
}

/** The commit of HEAD, read from git's files: the common cases need no process. */
async function headCommit(cwd: string): Promise<string | undefined> {
  const folder = await gitFolder(cwd);
  if (folder === undefined) return undefined;
  const head = (await readText(join(folder, 'HEAD'))) ?? '';
  if (!head.startsWith('ref: ')) return commitPattern.test(head) ? head : undefined;
  const reference = head.slice(5);
  const common = await readText(join(folder, 'commondir'));
  for (const place of [folder, ...(common === undefined ? [] : [resolve(folder, common)])]) {
    const loose = await readText(join(place, reference));
    if (loose !== undefined && commitPattern.test(loose)) return loose;
    const packed = ((await readText(join(place, 'packed-refs'))) ?? '').split('\n');
    const line = packed.find((candidate) => candidate.endsWith(` ${reference}`));
    if (line !== undefined) return line.slice(0, line.indexOf(' '));
  }
  return undefined;
}

const commitPattern = /^[0-9a-f]{40}([0-9a-f]{24})?$/;

async function gitFolder(cwd: string): Promise<string | undefined> {
  for (let folder = resolve(cwd); ; folder = dirname(folder)) {
    const dotGit = join(folder, '.git');
    if ((await readText(join(dotGit, 'HEAD'))) !== undefined) return dotGit;
    const link = await readText(dotGit);
    if (link?.startsWith('gitdir: ') === true) return resolve(folder, link.slice(8));
    if (dirname(folder) === folder) return undefined;
  }
}

async function readText(path: string): Promise<string | undefined> {
  const { readFile } = await import('node:fs/promises');
  return await readFile(path, 'utf8').then(
    (text) => text.trim(),
    () => undefined,
  );
}

async function run(command: string, options: readonly string[], cwd: string): Promise<string | undefined> {
  // Loaded here, because `status` does not ask git.
  const { spawn } = await import('node:child_process');
  return await new Promise((done) => {
    const child = spawn(command, options, { cwd, stdio: ['ignore', 'pipe', 'ignore'], timeout: 2000 });
    let text = '';
    child.stdout.on('data', (part: Buffer) => (text += part.toString('utf8')));
    child.on('error', () => done(undefined));
    child.on('close', (code) => done(code === 0 ? text.trim() : undefined));
  });
}
