import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';

/**
 * When a process started, as an opaque text; undefined when there is no such process, or only its zombie. Start and pid
 * together identify a process permanently: pids alone are reused, quickly so in containers.
 */
export function processStart(pid: number): string | undefined {
  if (process.platform === 'linux') return linuxStart(pid);
  return ps(pid, 'lstart=');
}

/** The program and arguments of a process, as one text; empty when the process is gone. */
export function commandLine(pid: number): string {
  if (process.platform !== 'linux') return ps(pid, 'command=') ?? '';
  try {
    return readFileSync(`/proc/${pid}/cmdline`, 'utf8').replaceAll('\0', ' ');
  } catch {
    return '';
  }
}

function ps(pid: number, column: string): string | undefined {
  try {
    const text = execFileSync('/bin/ps', ['-ww', '-o', column, '-p', String(pid)], {
      encoding: 'utf8',
      stdio: ['ignore', 'pipe', 'ignore'],
    });
    return text.trim() || undefined;
  } catch {
    return undefined;
  }
}

function linuxStart(pid: number): string | undefined {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
    // The command in parentheses may itself contain spaces and parentheses.
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
    return fields[0] === 'Z' || fields[0] === 'X' ? undefined : fields[19];
  } catch {
    return undefined;
  }
}

/** The permanent identity of a process: pid and start. */
export interface ProcessIdentity {
  readonly pid: number;
  readonly start: string;
}

export function ownIdentity(): ProcessIdentity {
  return { pid: process.pid, start: processStart(process.pid) ?? '' };
}

/** Is exactly this process still running? */
export function isAlive(identity: ProcessIdentity): boolean {
  return processStart(identity.pid) === identity.start;
}
