import { readdirSync, readFileSync } from 'node:fs';

/**
 * Sends a signal to all processes of a group; 0 only asks.
 *
 * @returns true when the group had a process that was at work
 */
export function signalGroup(group: number, signal: NodeJS.Signals | 0): boolean {
  const working = isWorking(group);
  try {
    process.kill(-group, signal);
    return working;
  } catch {
    return false;
  }
}

/** False: all that is left of the group has ended, and waits for a parent that takes note of it. */
function isWorking(group: number): boolean {
  const pids = processes();
  return pids.length === 0 || pids.some((pid) => isMember(pid, group));
}

/** The processes of this machine; none where the system has no /proc. */
function processes(): readonly string[] {
  try {
    return readdirSync('/proc').filter((name) => /^\d+$/.test(name));
  } catch {
    return [];
  }
}

function isMember(pid: string, group: number): boolean {
  try {
    // The name of the program is in parentheses and may contain anything; state, parent and group follow it.
    const stat = readFileSync(`/proc/${pid}/stat`, 'latin1');
    const [state = '', , own] = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
    return Number(own) === group && !/^[ZX]/.test(state);
  } catch {
    return false;
  }
}
