import { Socket } from 'node:net';
import type { Client, ClientConfig } from 'pg';
import type { SessionOptions } from '../../migrate/contract/ports.ts';
import { startupOption } from '../url/startup-options.ts';
import { tlsOptions, type DatabaseAddress } from './address.ts';

/** How often an idle connection probes the other side; after ten unanswered probes it is lost. */
const keepAliveMs = 10_000;

/** The configuration of `pg` for a session. Settings of godwit follow those of the URL, so that they count. */
export function clientConfig(address: DatabaseAddress, options: SessionOptions): ClientConfig {
  const { host, port, database, user, keepAlive = keepAliveMs, hostAddress } = address;
  const settings = Object.entries(options.settings).map(([name, value]) => startupOption(name, value));
  const config: ClientConfig = {
    host,
    port,
    database,
    user,
    // As a function, because `pg` would look for a missing password in places of its own.
    password: () => address.password ?? '',
    ssl: tlsOptions(address),
    // A pooler would put the name on whichever connection it uses, and leave it there.
    ...(options.pooled === true
      ? {}
      : {
          application_name: options.applicationName,
          options: [...(address.options === undefined ? [] : [address.options]), ...settings].join(' '),
        }),
    keepAlive: keepAlive !== false,
    ...(keepAlive === false ? {} : { keepAliveInitialDelayMillis: keepAlive }),
    ...(hostAddress === undefined ? {} : { stream: () => socketTo(hostAddress) }),
  };
  return Object.assign(config, {
    pipeline: options.pipelined,
    sslnegotiation: address.tlsDirect === true ? 'direct' : 'postgres',
    enableChannelBinding: address.channelBinding === 'require',
  });
}

/** Takes back what `pg` has read from environment variables of its own accord, such as PGOPTIONS. */
export function isolate(client: Client, config: ClientConfig): void {
  const { connectionParameters } = client as unknown as { connectionParameters: Record<string, unknown> };
  for (const name of ['options', 'application_name', 'replication', 'client_encoding'] as const)
    connectionParameters[name] = (config as Readonly<Record<string, unknown>>)[name];
}

/** A socket that connects to this address, whatever host it is told: the host is what a certificate is checked for. */
function socketTo(address: string): Socket {
  const socket = new Socket();
  const connect = socket.connect.bind(socket) as (port: number, host: string) => Socket;
  return Object.assign(socket, { connect: (port: number) => connect(port, address) });
}
