// Runs a Node program as users do: a whole process, timed from its start to its end, with the processor time that it and
// the processes that it waited for have used.
import { spawn, spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

const peakProbe = new URL('peak.mjs', import.meta.url).href;
const giveUpAfterMs = 10 * 60_000;

/**
 * The shell's own `time` asks the kernel (`getrusage`) what the program and its children have used; Node has no such
 * call. It is written to descriptor 3; the program has the descriptors that it would have without the shell.
 */
const timed = 'TIMEFORMAT="%3R %3U %3S"; { time "$@" 2>&4 3>&- 4>&-; } 4>&2 2>&3';
const hasShell = spawnSync('bash', ['-c', ':']).status === 0;

/** What decides where a tool keeps things between two starts: with a home of its own, a measured program has only that. */
const ownHome = { XDG_CACHE_HOME: undefined, GODWIT_CACHE: undefined, GODWIT_NO_CACHE: undefined };

/**
 * @param {readonly string[]} args the program and its arguments
 * @param {{ node?: string, home?: string, env?: Record<string, string | undefined>, cwd?: string, exits?: number,
 *   peak?: boolean, bare?: boolean }} options `node` is another Node; `home` is its HOME; `exits` is the exit code that
 *   counts as success; `peak` also measures memory, and costs some milliseconds; `bare` passes on nothing but `env`.
 * @returns {Promise<{ ms: number, cpuMs?: number, stdout: string, stderr: string, peakMB?: number }>}
 */
export async function runNode(args, options = {}) {
  const { node = process.execPath, home, env = {}, cwd, exits = 0, peak = false, bare = false } = options;
  const notes = peak ? mkdtempSync(join(tmpdir(), 'godwit-peak-')) : undefined;
  const inherited = bare ? {} : { ...process.env, NO_COLOR: '1', ...(home === undefined ? {} : ownHome) };
  const probe = notes === undefined ? {} : { NODE_OPTIONS: `--import ${peakProbe}`, GODWIT_BENCH_PEAK: notes };
  try {
    const own = { ...(home === undefined ? {} : { HOME: home }), ...env, ...probe };
    const result = await run([node, ...args], { cwd, env: { ...inherited, ...own } });
    if (result.code !== exits) {
      const text = `${result.stdout.slice(-2_000)}${result.stderr.slice(-4_000)}`;
      throw new Error(`node ${args.join(' ')} ended with ${result.code}:\n${text}`);
    }
    return notes === undefined ? result : { ...result, ...JSON.parse(readFileSync(join(notes, 'peak.json'), 'utf8')) };
  } finally {
    if (notes !== undefined) rmSync(notes, { recursive: true, force: true });
  }
}

function run(command, options) {
  return new Promise((resolve, reject) => {
    const [program, ...args] = hasShell ? ['bash', '-c', timed, 'bash', ...command] : command;
    const began = performance.now();
    const child = spawn(program, args, { ...options, stdio: ['ignore', 'pipe', 'pipe', 'pipe'], detached: true });
    const texts = ['', '', '', ''];
    for (const at of [1, 2, 3]) child.stdio[at].setEncoding('utf8').on('data', (text) => (texts[at] += text));
    const late = setTimeout(() => endGroup(child.pid), giveUpAfterMs);
    let ms = 0;
    child.once('exit', () => (ms = performance.now() - began));
    child.once('error', reject);
    child.once('close', (code, signal) => {
      clearTimeout(late);
      const [, stdout, stderr, clock] = texts;
      resolve({ ms, ...clockOf(clock), code: code ?? signal, stdout, stderr });
    });
  });
}

/** The program and whatever it has started: each measured program leads a group of processes. */
function endGroup(pid) {
  if (pid !== undefined) process.kill(-pid, 'SIGKILL');
}

/** Empty without a shell: then the time is that of this process, and the processor time is not known. */
function clockOf(text) {
  const [real, user, system] = text.trim().replaceAll(',', '.').split(' ').map(Number);
  return system === undefined ? {} : { ms: real * 1_000, cpuMs: (user + system) * 1_000 };
}
