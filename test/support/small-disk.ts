import { spawnSync } from 'node:child_process';
import { statfsSync, writeFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { serverAccount } from '../../src/adapters/embedded/account.ts';
import { programPath } from './tools.ts';

/** A disk of a few megabytes in memory, mounted over a folder. Needs root. */
export interface SmallDisk extends Disposable {
  /** Makes it larger. */
  grow(megabytes: number): void;
  /** Fills it to the last block; `drain` undoes that. */
  fill(): void;
  drain(): void;
  /** Lets nobody write it, or everybody again. */
  close(closed: boolean): void;
}

/** Mounts such a disk for the server's account, or for our own. */
export function mountSmallDisk(folder: string, megabytes: number, owner: 'server' | 'us' = 'server'): SmallDisk {
  const { uid, gid } = owner === 'server' ? serverAccount() : { uid: 0, gid: 0 };
  run('mount', '-t', 'tmpfs', '-o', `size=${megabytes}m,uid=${uid},gid=${gid},mode=0700`, 'tmpfs', folder);
  const ballast = join(folder, 'ballast');
  return {
    grow: (larger) => run('mount', '-o', `remount,size=${larger}m`, folder),
    fill() {
      try {
        const { bavail, bsize } = statfsSync(folder);
        writeFileSync(ballast, Buffer.alloc(bavail * bsize));
      } catch {
        // The last block did not fit any more.
      }
    },
    drain: () => rmSync(ballast, { force: true }),
    close: (closed) => run('mount', '-o', `remount,${closed ? 'ro' : 'rw'}`, folder),
    [Symbol.dispose]: () => run('umount', '--lazy', folder),
  };
}

function run(program: string, ...args: readonly string[]): void {
  const ran = spawnSync(programPath(program) ?? program, args, { encoding: 'utf8' });
  if (ran.status !== 0) throw new Error(`${program} ${args.join(' ')}: ${ran.stderr}`);
}
