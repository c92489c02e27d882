import { spawn, spawnSync, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import type { Socket } from 'node:net';

/** A program with its arguments. */
export type ProgramWithArguments = readonly [program: string, ...args: string[]];

/** A network namespace, which acts as a machine of its own on the network. */
export interface Namespace {
  /** `/proc/<pid>/ns/net`, for `nsenter --net=` and `podman --network=ns:`. */
  readonly path: string;
  /** The command that runs this program inside. */
  enter(...command: ProgramWithArguments): ProgramWithArguments;
  /** Runs a short program inside and returns what it prints. */
  run(...command: ProgramWithArguments): string;
  /**
   * Protects against this process dying without `end`: the keeper of the namespace then interrupts the given process
   * and waits for it, or removes the given folder.
   */
  guard(what: { readonly pid: number } | { readonly folder: string }): void;
  /** Ends the keeper; the namespace disappears with the last process in it. */
  end(): void;
}

/**
 * A constant script; everything variable comes on a pipe, which the kernel closes when this process ends, in whatever
 * way. A namespace without a name lives as long as a process is in it, so nothing is ever left to clean up.
 */
const keeper = `
trap '' INT TERM HUP
echo up
pid=
folder=
while read -r word rest; do
  case "$word" in
    pid) pid=$rest ;;
    folder) folder=$rest ;;
    left) exit 0 ;;
  esac
done
if [ -n "$pid" ]; then
  kill -INT "$pid" 2>/dev/null
  left=20
  while [ "$left" -gt 0 ] && kill -0 "$pid" 2>/dev/null; do sleep 1; left=$((left - 1)); done
  kill -QUIT "$pid" 2>/dev/null
fi
if [ -n "$folder" ]; then rm -rf "$folder"; fi
`;

/** System programs are often outside an ordinary user's PATH. */
const environment = { PATH: `${process.env['PATH'] ?? '/usr/bin:/bin'}:/usr/sbin:/sbin`, LC_ALL: 'C' };

/** The user namespace in which this account is root: its path, `new` to make one, or `none`, which requires root. */
export type UserNamespace = string;

/**
 * Opens a network namespace in this user namespace.
 *
 * @throws NamespaceError with the system's own message.
 */
export async function openNamespace(user: UserNamespace): Promise<Namespace & { readonly user: UserNamespace }> {
  const owner = user === 'new' ? ['--user', '--map-root-user'] : [];
  const made: ProgramWithArguments = ['unshare', ...owner, '--net', '--', 'sh', '-c', keeper];
  const command = user === 'new' || user === 'none' ? made : within(user, undefined, made);
  const child = spawn(command[0], command.slice(1), {
    cwd: '/',
    env: environment,
    detached: true,
    stdio: ['pipe', 'pipe', 'pipe'],
  });
  await untilUp(child);
  const path = `/proc/${child.pid}/ns/net`;
  const inside = user === 'new' ? `/proc/${child.pid}/ns/user` : user;
  const sendToKeeper = (line: string): void => void child.stdin.write(`${line}\n`);
  child.stdin.on('error', () => undefined);
  child.unref();
  for (const stream of [child.stdin, child.stdout, child.stderr]) (stream as unknown as Socket).unref();
  const enter = (...inner: ProgramWithArguments): ProgramWithArguments => within(inside, path, inner);
  return {
    path,
    user: inside,
    enter,
    run: (...inner) => run(enter(...inner)),
    guard: (what) => sendToKeeper('pid' in what ? `pid ${what.pid}` : `folder ${what.folder}`),
    end() {
      child.stdin.end('left\n');
    },
  };
}

/** The system refused, or has no such program. */
export class NamespaceError extends Error {
  override readonly name = 'NamespaceError';
}

function within(user: UserNamespace, net: string | undefined, command: ProgramWithArguments): ProgramWithArguments {
  return [
    'nsenter',
    ...(user === 'none' ? [] : [`--user=${user}`, '--preserve-credentials']),
    ...(net === undefined ? [] : [`--net=${net}`]),
    '--',
    ...command,
  ];
}

async function untilUp(child: ChildProcess): Promise<void> {
  let output = '';
  child.stderr?.setEncoding('utf8').on('data', (text: string) => (output += text));
  const failure = new Promise<never>((_, reject) => {
    child.once('error', (error: NodeJS.ErrnoException) =>
      reject(new NamespaceError(error.code === 'ENOENT' ? '`unshare` of util-linux is not installed' : error.message)),
    );
    child.once('close', () => reject(new NamespaceError(output.trim() || 'unshare ended without a message')));
  });
  if (child.stdout !== null) await Promise.race([once(child.stdout, 'data'), failure]);
  failure.catch(() => undefined);
}

function run([program, ...args]: ProgramWithArguments): string {
  const ran = spawnSync(program, args, { encoding: 'utf8', cwd: '/', env: environment });
  if (ran.error !== undefined) throw new NamespaceError(ran.error.message);
  if (ran.status === 0) return ran.stdout;
  const output = ran.stderr.trim();
  throw new NamespaceError(
    /failed to execute ip\b/.test(output)
      ? '`ip` of iproute2 is not installed'
      : `${args.slice(args.indexOf('--') + 1).join(' ')}: ${output}`,
  );
}
