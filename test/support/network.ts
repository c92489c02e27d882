import { spawn, spawnSync, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { programPath } from './tools.ts';

/**
 * Two machines on their own wire: network namespaces with one address each and no route to anywhere else. The addresses
 * (192.0.2.0/24, for documentation) exist only inside.
 */
export interface Wire extends Disposable {
  readonly database: { readonly name: string; readonly address: string };
  readonly laptop: { readonly name: string };
  /** Pulls the plug or puts it back: packets are dropped silently. */
  plug(state: 'in' | 'out'): void;
}

let wires = 0;

/** Makes the two namespaces and the wire between them. Needs root. */
export function layWire(): Wire {
  sweep();
  wires += 1;
  const stem = `gwt-${process.pid}-${wires}`;
  const [laptop, database] = [`${stem}-laptop`, `${stem}-database`];
  // Interfaces have short names; both ends are made inside, so that neither is ever visible outside.
  for (const name of [laptop, database]) ip('netns', 'add', name);
  ip('-n', laptop, 'link', 'add', 'wire', 'type', 'veth', 'peer', 'name', 'wire', 'netns', database);
  ip('-n', laptop, 'address', 'add', '192.0.2.1/30', 'dev', 'wire');
  ip('-n', database, 'address', 'add', '192.0.2.2/30', 'dev', 'wire');
  for (const name of [laptop, database]) for (const link of ['lo', 'wire']) ip('-n', name, 'link', 'set', link, 'up');
  if (/\bdefault\b/.test(ip('-n', laptop, 'route'))) throw new Error('a laptop here has no way out');
  return {
    database: { name: database, address: '192.0.2.2' },
    laptop: { name: laptop },
    plug: (state) => void ip('-n', database, 'link', 'set', 'wire', state === 'in' ? 'up' : 'down'),
    [Symbol.dispose]() {
      for (const name of [laptop, database]) ip('netns', 'delete', name);
    },
  };
}

/** The output of a godwit that runs in the laptop's namespace, once it ends. */
export interface Away {
  readonly process: ChildProcess;
  readonly ended: Promise<{ readonly exitCode: number | null; readonly err: string }>;
}

const program = fileURLToPath(new URL('../../dist/godwit.cjs', import.meta.url));

/** Runs the shipped godwit on the laptop. */
export function godwitOn(wire: Wire, cwd: string, url: string, ...argv: readonly string[]): Away {
  const child = spawn(
    programPath('ip') ?? 'ip',
    ['netns', 'exec', wire.laptop.name, process.execPath, program, ...argv],
    { cwd, env: { PATH: process.env['PATH'], HOME: cwd, USER: 'tester', DATABASE_URL: url, NO_COLOR: '1' } },
  );
  let err = '';
  child.stdout.resume();
  child.stderr.setEncoding('utf8').on('data', (text: string) => (err += text));
  const ended = once(child, 'close').then(([code]) => ({ exitCode: code as number | null, err }));
  return { process: child, ended };
}

function ip(...args: readonly string[]): string {
  const ran = spawnSync(programPath('ip') ?? 'ip', args, { encoding: 'utf8' });
  if (ran.status !== 0) throw new Error(`ip ${args.join(' ')}: ${ran.stderr}`);
  return ran.stdout;
}

/** Removes the namespaces of test runs that were killed. */
function sweep(): void {
  for (const [name, pid] of ip('netns', 'list').matchAll(/^gwt-(\d+)-\S+/gm)) {
    try {
      process.kill(Number(pid), 0);
    } catch {
      spawnSync(programPath('ip') ?? 'ip', ['netns', 'delete', name]);
    }
  }
}
