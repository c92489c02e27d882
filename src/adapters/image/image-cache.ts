import { createHash, randomBytes } from 'node:crypto';
import { mkdirSync, readdirSync, readFileSync, renameSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

/** What this machine knows about images, so that a run asks the registry only once. Entries may vanish at any time. */
export interface ImageCache {
  /** The object that was stored under this key. */
  read(key: string): Readonly<Record<string, unknown>> | undefined;
  write(key: string, value: Readonly<Record<string, unknown>>): void;
}

/** A cache that never stores anything. */
export const noCache: ImageCache = { read: () => undefined, write: () => {} };

/** Wraps a cache so that it is written but never read. */
export function forgetful(cache: ImageCache): ImageCache {
  return { read: () => undefined, write: (key, value) => cache.write(key, value) };
}

/** Above this many entries, the older half is removed: registries and images change over time. */
const most = 256;

/**
 * Keeps entries as files in a folder, which is made when needed. If the folder is not writable, the registry is asked
 * more often.
 * @param folder Absolute path.
 */
export function createImageCache(folder: string): ImageCache {
  const fileOf = (key: string): string =>
    join(folder, `${createHash('sha256').update(key).digest('hex').slice(0, 32)}.json`);
  return {
    read(key) {
      try {
        const content = JSON.parse(readFileSync(fileOf(key), 'utf8')) as { key?: string; value?: object };
        return content.key === key ? (content.value as Readonly<Record<string, unknown>>) : undefined;
      } catch {
        return undefined;
      }
    },
    write(key, value) {
      const draft = `${fileOf(key)}.${randomBytes(4).toString('hex')}`;
      try {
        mkdirSync(folder, { recursive: true, mode: 0o755 });
        writeFileSync(draft, JSON.stringify({ key, value }), { mode: 0o644 });
        renameSync(draft, fileOf(key));
        thin(folder);
      } catch {
        // A disk that is full or read-only costs time, but does not fail the run.
      }
    },
  };
}

function thin(folder: string): void {
  const names = readdirSync(folder);
  if (names.length <= most) return;
  const dated = names.map((name) => ({ path: join(folder, name), at: statSync(join(folder, name)).mtimeMs }));
  for (const { path } of dated.sort((a, b) => a.at - b.at).slice(0, most / 2)) rmSync(path, { force: true });
}
