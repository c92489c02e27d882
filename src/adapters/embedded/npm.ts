import { spawn } from 'node:child_process';
import { existsSync, readdirSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';

/** How to call npm: a program and its leading arguments. */
interface NpmCommand {
  readonly program: string;
  readonly args: readonly string[];
}

/** The npm that started us, else the one next to this Node, else the one on the PATH. */
function findNpm(env: NodeJS.ProcessEnv = process.env): NpmCommand {
  const running = env['npm_execpath'];
  if (running !== undefined && /^npm-cli\.[cm]?js$/.test(basename(running)) && existsSync(running)) {
    return { program: process.execPath, args: [running] };
  }
  const folder = dirname(process.execPath);
  const bundled = join(dirname(folder), 'lib', 'node_modules', 'npm', 'bin', 'npm-cli.js');
  if (existsSync(bundled)) return { program: process.execPath, args: [bundled] };
  const program = join(folder, 'npm');
  return { program: existsSync(program) ? program : 'npm', args: [] };
}

/** The result of fetching a tarball: its path, or npm's error. */
export type Packed = { readonly path: string } | { readonly error: string };

/** Where npm works, and with which variables. */
export interface PackOptions {
  readonly env: NodeJS.ProcessEnv;
  readonly signal?: AbortSignal | undefined;
}

/**
 * Fetches the tarball of `name@version` into a folder with `npm pack`, and so with the user's own npm configuration:
 * registry, mirrors, proxies, credentials and cache.
 */
export async function npmPack(spec: string, folder: string, options: PackOptions): Promise<Packed> {
  const npm = findNpm(options.env);
  const flags = [
    'pack',
    spec,
    '--pack-destination',
    folder,
    '--ignore-scripts',
    '--json',
    '--loglevel=error',
    '--no-update-notifier',
  ];
  const result = await run(npm.program, [...npm.args, ...flags], options);
  const tarball = readdirSync(folder).find((name) => name.endsWith('.tgz'));
  if (result.code === 0 && tarball !== undefined) return { path: join(folder, tarball) };
  return { error: result.text };
}

function run(
  program: string,
  args: readonly string[],
  { env, signal }: PackOptions,
): Promise<{ code: number; text: string }> {
  return new Promise((resolve) => {
    const child = spawn(program, args, {
      env,
      stdio: ['ignore', 'ignore', 'pipe'],
      ...(signal === undefined ? {} : { signal }),
    });
    let text = '';
    child.stderr.setEncoding('utf8').on('data', (chunk: string) => {
      text = (text + chunk).slice(-4_000);
    });
    child.on('error', (error) => resolve({ code: -1, text: error.message }));
    child.on('close', (code) => resolve({ code: code ?? -1, text: npmReason(text) }));
  });
}

/** npm's own reason, without its pointers to log files. */
function npmReason(text: string): string {
  const lines = text
    .split('\n')
    .filter((line) => /^npm (error|ERR!)/.test(line) && !/complete log|debug-0\.log/.test(line));
  const reasons = lines.map((line) => line.replace(/^npm (error|ERR!)\s*/, '').trim()).filter((line) => line !== '');
  return (reasons.slice(0, 3).join('; ') || text.trim().slice(-300) || 'npm gave no reason').slice(0, 500);
}
