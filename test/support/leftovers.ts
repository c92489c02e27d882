import { chmodSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { cacheFolder } from '../../src/adapters/embedded/account.ts';

/**
 * An environment of its own for a program, which reveals what the program leaves behind: files, and processes that
 * refer to it.
 */
export interface Leftovers extends Disposable {
  readonly folder: string;
  /** The variables that make the program use it. */
  readonly env: Readonly<Record<string, string>>;
  /** Files in its temporary folder and command lines; what vanishes within some seconds does not count. */
  found(): Promise<readonly string[]>;
}

/** Makes the environment. */
export function createLeftovers(): Leftovers {
  const folder = mkdtempSync(join(tmpdir(), `godwit-test-${process.pid}-left-`));
  const temporary = join(folder, 'tmp');
  mkdirSync(temporary);
  // A server that is started as root runs under another account, which must pass through.
  for (const path of [folder, temporary]) chmodSync(path, 0o755);
  const look = (): readonly string[] => [...readdirSync(temporary), ...processesThatName(temporary)];
  return {
    folder,
    env: { TMPDIR: temporary, GODWIT_CACHE: cacheFolder() },
    async found() {
      for (let tries = 0; tries < 100 && look().length > 0; tries += 1)
        await new Promise((resolve) => setTimeout(resolve, 100));
      return look();
    },
    [Symbol.dispose]: () => rmSync(folder, { recursive: true, force: true }),
  };
}

/** In their arguments or their environment. */
function processesThatName(place: string): readonly string[] {
  const pids = readOr(() => readdirSync('/proc').filter((name) => /^\d+$/.test(name)), []);
  return pids.flatMap((pid) => {
    const [command, env] = ['cmdline', 'environ'].map((file) =>
      readOr(() => readFileSync(`/proc/${pid}/${file}`, 'utf8'), ''),
    );
    return `${command}\0${env}`.includes(place) ? [`${pid} ${command?.replaceAll('\0', ' ')}`] : [];
  });
}

function readOr<T>(read: () => T, otherwise: T): T {
  try {
    return read();
  } catch {
    return otherwise;
  }
}
