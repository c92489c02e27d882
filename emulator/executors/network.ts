import { execFile } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { promisify } from 'node:util';

const execute = promisify(execFile);

/** System programs are often outside an ordinary user's PATH. */
export const systemPath = `${process.env['PATH'] ?? '/usr/bin:/bin'}:/usr/sbin:/sbin`;

/** A network namespace by its file, with the effects of faults on it. */
export interface TaskNetwork {
  /**
   * Takes down every link except loopback, and brings it up after the delay: what starts meanwhile has no network, like
   * a fresh instance. Resolves when the links are down.
   */
  cutFor(delayMs: number): Promise<void>;
  /** From now on, packets of these processes' open connections are dropped in both directions. */
  dropFlows(pids: readonly number[]): Promise<void>;
  /** Removes all obstacles at once. */
  restore(): Promise<void>;
}

/** @param path `/proc/PID/ns/net`, or any file that `nsenter --net=` accepts */
export function taskNetwork(path: string): TaskNetwork {
  const run = async (...command: readonly string[]): Promise<string> => {
    const options = { env: { PATH: systemPath, LC_ALL: 'C' } };
    const { stdout } = await execute('nsenter', [`--net=${path}`, '--', ...command], options);
    return stdout;
  };
  const tables: string[] = [];
  let down: readonly string[] = [];
  let timer: NodeJS.Timeout | undefined;
  const raise = async (): Promise<void> => {
    clearTimeout(timer);
    const links = down;
    down = [];
    for (const link of links) await run('ip', 'link', 'set', link, 'up');
  };
  return {
    async cutFor(delayMs) {
      await raise();
      down = linksOf(await run('ip', '-o', 'link'));
      for (const link of down) await run('ip', 'link', 'set', link, 'down');
      timer = setTimeout(() => void raise().catch(() => undefined), delayMs);
    },
    async dropFlows(pids) {
      const table = `godwit_maintenance_${tables.length + 1}`;
      const flows = flowsOf(await run('ss', '-tnHp', 'state', 'established'), pids);
      tables.push(table);
      await run('nft', ...ruleset(table, flows));
    },
    async restore() {
      await raise();
      for (const table of tables.splice(0)) await run('nft', 'delete', 'table', 'inet', table);
    },
  };
}

/** One command, so that no packet passes between two rules. */
function ruleset(table: string, flows: readonly (readonly [string, string])[]): readonly string[] {
  const lines = [`add table inet ${table}`];
  for (const hook of ['input', 'output']) {
    lines.push(`add chain inet ${table} ${hook} { type filter hook ${hook} priority -10 ; }`);
    for (const [local, peer] of flows)
      for (const [from, to] of [
        [local, peer],
        [peer, local],
      ])
        lines.push(`add rule inet ${table} ${hook} tcp sport ${from} tcp dport ${to} drop`);
  }
  return [lines.join('\n')];
}

/** `1: lo: <…>`, `2: wire@if3: <…>` */
function linksOf(text: string): readonly string[] {
  const names = text.split('\n').map((line) => /^\d+: ([^:@]+)/.exec(line)?.[1]);
  return names.filter((name): name is string => name !== undefined && name !== 'lo');
}

/** Local and peer port of the connections of these processes. */
function flowsOf(text: string, pids: readonly number[]): readonly (readonly [string, string])[] {
  return text.split('\n').flatMap((line) => {
    const owners = [...line.matchAll(/pid=(\d+)/g)].map((match) => Number(match[1]));
    const [local, peer] = [...line.matchAll(/:(\d+)\s/g)].map((match) => match[1]);
    if (local === undefined || peer === undefined || !owners.some((pid) => pids.includes(pid))) return [];
    return [[local, peer] as const];
  });
}

/** A process and all its descendants. */
export function familyOf(pid: number): readonly number[] {
  const parents = new Map<number, number>();
  for (const name of readdirSync('/proc').filter((each) => /^\d+$/.test(each))) {
    try {
      const parent = /\) \S (\d+)/.exec(readFileSync(`/proc/${name}/stat`, 'utf8'))?.[1];
      parents.set(Number(name), Number(parent));
    } catch {
      // It has ended meanwhile.
    }
  }
  const family = [pid];
  for (const member of family) for (const [child, parent] of parents) if (parent === member) family.push(child);
  return family;
}

/** Waits for the end of a task, then removes the obstacles from its network. */
export async function endOf<End>(ended: Promise<End>, network: TaskNetwork): Promise<End> {
  try {
    return await ended;
  } finally {
    await network.restore();
  }
}
