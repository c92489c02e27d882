import { spawn } from 'node:child_process';
import type { Socket } from 'node:net';

/**
 * A constant script; everything variable is an argument. It waits on a pipe that the kernel closes when this process
 * ends, in whatever way, also by SIGKILL. Then it does what a regular leave does: it removes the user from the list,
 * and if the list is empty, it stops the server (and after 20 s insists). A line on the pipe means that the leave was
 * regular. Data that are to be removed with the server are moved aside first, which does not disturb it: a new server
 * may start in their place. They remain for some seconds, as test runners often start one process after the other. The
 * server's own programs need /bin/sh too, and it starts in a millisecond where another Node takes 50 ms and 40 MB.
 */
const script = `
read -r word && exit 0
[ -n "$4" ] && sleep 5
rm -f "$1/$2"
rmdir "$1" 2>/dev/null || exit 0
[ -n "$4" ] && mv "$4" "$4.gone-$3" 2>/dev/null
kill -INT "$3" 2>/dev/null
left=20
while [ "$left" -gt 0 ] && kill -0 "$3" 2>/dev/null; do sleep 1; left=$((left - 1)); done
kill -QUIT "$3" 2>/dev/null
[ -n "$4" ] && rm -rf "$4.gone-$3"
`;

/** Which user the watchdog represents, and what it stops. */
export interface WatchdogOptions {
  readonly users: string;
  readonly user: string;
  readonly postmasterPid: number;
  /** The data directory, if it is removed with the server. */
  readonly data?: string;
}

/**
 * Starts the watchdog of one user of a server.
 *
 * @returns the function that dismisses it after a regular leave
 */
export function startWatchdog({ users, user, postmasterPid, data = '' }: WatchdogOptions): () => void {
  const args = ['-c', script, 'godwit-watchdog', users, user, String(postmasterPid), data];
  const env = { PATH: process.env['PATH'] ?? '/usr/bin:/bin' };
  const child = spawn('/bin/sh', args, { cwd: '/', env, detached: true, stdio: ['pipe', 'ignore', 'ignore'] });
  // A missing watchdog must not end the program that it guards; the server then runs until `godwit db stop`.
  child.on('error', () => undefined);
  child.stdin.on('error', () => undefined);
  child.unref();
  (child.stdin as unknown as Socket).unref();
  return () => {
    child.stdin.end('left\n');
  };
}
