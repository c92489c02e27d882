import { fault } from '../../kit/fault.ts';
import { err, ok, type Outcome } from '../../kit/outcome.ts';
import { NamespaceError, openNamespace, type Namespace } from './namespace.ts';

/**
 * Three namespaces that act as machines: a laptop without any way out, the private network (`vpc`) in which jobs run,
 * and the database's own network, which a virtual link connects to the private network only.
 */
export interface PrivateNetwork extends Disposable {
  readonly laptop: Namespace;
  readonly vpc: Namespace;
  readonly database: Namespace;
  /** The database's address, 192.0.2.10: a documentation address that exists only inside. */
  readonly address: string;
  /** True when it was made without root: everything happens in a user namespace. */
  readonly rootless: boolean;
}

const subnet = 24;
const [jobs, server] = ['192.0.2.2', '192.0.2.10'];

/**
 * Makes the three namespaces and the link: as root, or otherwise in a user namespace of its own. They disappear with
 * this process, however it ends.
 *
 * @returns fault `private-network-unavailable` with the system's own message.
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
    // Both ends are made inside, so that neither is ever visible outside.
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

/** If a gateway answered for any address, there would be no proof that the laptop has no way in. */
function refuseWaysOut(laptop: Namespace): void {
  const routes = laptop.run('ip', 'route') + laptop.run('ip', '-6', 'route', 'show', 'default');
  if (routes.trim() !== '') throw new NamespaceError(`the laptop has a way out: ${routes.trim()}`);
}
