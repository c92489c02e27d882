import { spawn } from 'node:child_process';
import type { Socket } from 'node:net';

/**
 * A constant script; everything variable is an argument. It waits on a pipe that the kernel closes when this process
 * ends, in whatever way, also by SIGKILL. The run lock is free then, so the command must not continue. A line on the
 * pipe means that the command ended first.
 */
const script = `
read -r word && exit 0
kill -s TERM -- "-$1" 2>/dev/null || exit 0
left=7
while [ "$left" -gt 0 ] && kill -s 0 -- "-$1" 2>/dev/null; do sleep 1; left=$((left - 1)); done
kill -s KILL -- "-$1" 2>/dev/null
`;

/**
 * Ends a process group when this process dies. Without /bin/sh, as in some images, it does nothing: there the runner is
 * the first process, and nothing outlives it.
 *
 * @returns the function that dismisses the guard
 */
export function guardGroup(group: number): () => void {
  const env = { PATH: process.env['PATH'] ?? '/usr/bin:/bin' };
  const args = ['-c', script, 'godwit-guard', String(group)];
  const guard = spawn('/bin/sh', args, { cwd: '/', env, detached: true, stdio: ['pipe', 'ignore', 'ignore'] });
  guard.on('error', () => undefined);
  guard.stdin.on('error', () => undefined);
  guard.unref();
  (guard.stdin as unknown as Socket).unref();
  return () => {
    guard.stdin.end('ended\n');
  };
}
