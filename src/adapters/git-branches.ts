import { spawn } from 'node:child_process';
import { posix, relative } from 'node:path';

/** The content of a folder on a branch. */
export interface BranchFolder {
  /** `main`, `origin/orders` */
  readonly branch: string;
  readonly names: readonly string[];
}

/** Only the most recent branches are read. */
const mostBranches = 200;
/** The limit for all their folders together, in bytes; most of them are usually identical. */
const mostBytes = 32 * 1024 * 1024;
const withinMs = 3_000;

/**
 * Reads what this folder contains on the branches that the surrounding repository knows, newest first; remote branches
 * as of the last fetch, because nothing goes over the network. Empty when there is no git, no repository, or no answer
 * in time.
 *
 * @param root a folder that exists, in the repository
 * @param folder below it; may not exist here
 */
export async function folderOnBranches(root: string, folder: string): Promise<readonly BranchFolder[]> {
  const until = performance.now() + withinMs;
  const git = async (words: readonly string[], input = ''): Promise<string | undefined> =>
    performance.now() >= until ? undefined : await answerOf(root, words, { input, ms: until - performance.now() });

  const [prefix, listed] = await Promise.all([
    git(['rev-parse', '--show-prefix']),
    git([
      'for-each-ref',
      '--sort=-committerdate',
      `--count=${mostBranches}`,
      '--format=%(objectname) %(refname) %(symref)',
      'refs/heads',
      'refs/remotes',
    ]),
  ]);
  if (prefix === undefined || listed === undefined) return [];
  const path = posix.join(bytesAsText(prefix.trim()), relative(root, folder).replaceAll('\\', '/'));
  // The queries to git are separated by line feeds.
  if (path.includes('\n') || path.startsWith('..')) return [];
  const branches = branchesOf(listed);
  const places = await git(
    ['cat-file', '--batch-check=%(objecttype) %(objectname) %(objectsize)'],
    branches.map(({ commit }) => `${commit}:${path === '.' ? '' : path}\n`).join(''),
  );
  const trees = (places ?? '').split('\n').map((line) => /^tree ([0-9a-f]+) (\d+)$/.exec(line));
  const sizes = new Map(trees.flatMap((found) => (found === null ? [] : [[found[1] ?? '', Number(found[2])]])));
  let bytes = 0;
  const wanted = [...sizes].filter(([, size]) => (bytes += size) <= mostBytes).map(([tree]) => `${tree}\n`);
  const folders = foldersOf((await git(['cat-file', '--batch'], wanted.join(''))) ?? '');
  return branches.map(({ branch }, index) => ({ branch, names: folders.get(trees[index]?.[1] ?? '') ?? [] }));
}

/** Parses git's batch output: `ID tree SIZE`, a line feed, then for each entry its mode, name, NUL and id. */
function foldersOf(written: string): ReadonlyMap<string, readonly string[]> {
  const folders = new Map<string, readonly string[]>();
  for (let at = 0; at < written.length;) {
    const begin = written.indexOf('\n', at) + 1;
    const [id = '', kind, size] = written.slice(at, begin - 1).split(' ');
    if (begin === 0 || kind !== 'tree') break;
    const end = begin + Number(size);
    const names: string[] = [];
    for (let entry = begin; entry < end;) {
      const close = written.indexOf('\0', entry);
      if (close === -1) break;
      names.push(bytesAsText(written.slice(written.indexOf(' ', entry) + 1, close)));
      entry = close + 1 + id.length / 2;
    }
    folders.set(id, names);
    at = end + 1;
  }
  return folders;
}

/** One branch for each commit; `origin/HEAD` is just another name. */
function branchesOf(listed: string): readonly { readonly commit: string; readonly branch: string }[] {
  const seen = new Set<string>();
  return listed.split('\n').flatMap((line) => {
    const [commit = '', ref = '', other = ''] = line.split(' ');
    if (commit === '' || other !== '' || seen.has(commit)) return [];
    seen.add(commit);
    return [{ commit, branch: bytesAsText(ref).replace(/^refs\/(heads|remotes)\//, '') }];
  });
}

function bytesAsText(characters: string): string {
  return Buffer.from(characters, 'latin1').toString('utf8');
}

/**
 * git's output, one character per byte; undefined when git does not exist, refuses, or takes too long. It may not use a
 * network.
 */
async function answerOf(
  cwd: string,
  words: readonly string[],
  { input, ms }: { readonly input: string; readonly ms: number },
): Promise<string | undefined> {
  return await new Promise((resolve) => {
    const child = spawn('git', ['-c', 'protocol.allow=never', ...words], {
      cwd,
      stdio: ['pipe', 'pipe', 'ignore'],
      timeout: Math.max(1, Math.round(ms)),
      shell: false,
    });
    let text = '';
    child.stdout.setEncoding('latin1').on('data', (part: string) => (text += part));
    child.on('error', () => resolve(undefined));
    child.on('close', (code) => resolve(code === 0 ? text : undefined));
    child.stdin.on('error', () => {});
    child.stdin.end(input);
  });
}
