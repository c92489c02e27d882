import { fault } from '../../kit/fault.ts';
import { err, ok, type Outcome } from '../../kit/outcome.ts';
import { NamespaceError, openNamespace, type Namespace } from './namespace.ts';

/**
 * Three machines without names: a laptop that has no way out, the private network (`vpc`) in which jobs run, and the
 * database's own network, which a wire connects with the private one and with nothing else.
 */
export interface PrivateNetwork extends Disposable {
  readonly laptop: Namespace;
  readonly vpc: Namespace;
  readonly database: Namespace;
  /** Of the database, 192.0.2.10: an address for documentation, which exists in there only. */
  readonly address: string;
  /** Made without root: everything happens in a user namespace. */
  readonly rootless: boolean;
}

const subnet = 24;
const [jobs, server] = ['192.0.2.2', '192.0.2.10'];

/**
 * Makes the three namespaces and the wire: as root, otherwise in a user namespace of its own. They end with this
 * process, however it ends.
 *
 * @returns fault `private-network-unavailable` with the system's own words.
 */
export async function layPrivateNetwork(platform: string = process.platform): Promise<Outcome<PrivateNetwork>> {
  if (platform !== 'linux')
    return err(
      fault('private-network-unavailable', { why: `Network namespaces exist only on Linux, and this is ${platform}.` }),
    );
  const refusals: string[] = [];
  for (const rootless of process.getuid?.() === 0 ? [false, true] : [true]) {
    try {
      return ok(await lay(rootless));
    } catch (error) {
      if (!(error instanceof NamespaceError)) throw error;
      refusals.push(error.message);
    }
  }
  return err(fault('private-network-unavailable', { why: `The system reports: ${refusals.join('; ')}.` }));
}

async function lay(rootless: boolean): Promise<PrivateNetwork> {
  const open: Namespace[] = [];
  const end = (): void => {
    for (const namespace of open) namespace.end();
  };
  try {
    const laptop = await openNamespace(rootless ? 'new' : 'none');
    open.push(laptop);
    const vpc = await openNamespace(laptop.user);
    open.push(vpc);
    const database = await openNamespace(laptop.user);
    open.push(database);
    // Both ends are made inside, so that none ever shows outside.
    const databasePid = database.path.split('/')[2] ?? '';
    vpc.run('ip', 'link', 'add', 'wire', 'type', 'veth', 'peer', 'name', 'wire', 'netns', databasePid);
    connect(vpc, jobs);
    connect(database, server);
    for (const namespace of open) namespace.run('ip', 'link', 'set', 'lo', 'up');
    refuseWaysOut(laptop);
    return { laptop, vpc, database, address: server, rootless, [Symbol.dispose]: end };
  } catch (error) {
    end();
    throw error;
  }
}

function connect(namespace: Namespace, address: string): void {
  namespace.run('ip', 'address', 'add', `${address}/${subnet}`, 'dev', 'wire');
  namespace.run('ip', 'link', 'set', 'wire', 'up');
}

/** A gateway may answer for any address, and then the proof that there is no way in would be none. */
function refuseWaysOut(laptop: Namespace): void {
  const routes = laptop.run('ip', 'route') + laptop.run('ip', '-6', 'route', 'show', 'default');
  if (routes.trim() !== '') throw new NamespaceError(`the laptop has a way out: ${routes.trim()}`);
}
