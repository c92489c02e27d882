import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { ProgramWithArguments, Namespace } from '../../src/adapters/private-network/namespace.ts';
import { layPrivateNetwork, type PrivateNetwork } from '../../src/adapters/private-network/private-network.ts';
import { startPrivateServer, type PrivateServer } from '../../src/adapters/private-network/private-server.ts';
import { startProgram, type Running } from './running.ts';

/** A private network with its PostgreSQL, for one test. */
export interface Site extends AsyncDisposable {
  readonly network: PrivateNetwork;
  readonly server: PrivateServer;
  /** Runs a query inside; returns its rows as JSON. */
  query<Row>(sql: string): Promise<Row[]>;
  /** Starts a program inside one of the namespaces. */
  start(
    where: Namespace,
    command: ProgramWithArguments,
    options?: { cwd?: string; env?: Record<string, string> },
  ): Running;
}

/** Obstacles between a job and its database, and the commands that make them. */
export const hindrances = {
  'there is no route': { vpc: ['ip route del 192.0.2.0/24 dev wire'] },
  'the subnet is another one': { vpc: ['ip route add unreachable 192.0.2.10'] },
  'a policy prohibits it': { vpc: ['ip route add prohibit 192.0.2.10'] },
  'a black hole takes it': { vpc: ['ip route add blackhole 192.0.2.10'] },
  'a firewall rejects it': { database: firewall('reject') },
  'a firewall drops it': { database: firewall('drop') },
} as const satisfies Record<string, { vpc?: readonly string[]; database?: readonly string[] }>;

function firewall(verdict: string): readonly string[] {
  return [
    'nft add table inet wall',
    'nft add chain inet wall input { type filter hook input priority 0 ; }',
    `nft add rule inet wall input tcp dport 5432 ${verdict}`,
  ];
}

/** Puts an obstacle in the way. */
export function hinder({ network }: Site, what: keyof typeof hindrances): void {
  const steps: { vpc?: readonly string[]; database?: readonly string[] } = hindrances[what];
  for (const step of steps.vpc ?? []) network.vpc.run(...(step.split(' ') as [string, ...string[]]));
  for (const step of steps.database ?? []) network.database.run(...(step.split(' ') as [string, ...string[]]));
}

/** Removes the firewall. */
export function openFirewall({ network }: Site): void {
  network.database.run('nft', 'delete', 'table', 'inet', 'wall');
}

/** The user of the site, and the password. */
export interface SiteOptions {
  readonly password?: string;
  readonly user?: string;
  readonly major?: number;
}

/** Makes the network and starts PostgreSQL in it. */
export async function buildSite(options: SiteOptions = {}): Promise<Site> {
  const laid = await layPrivateNetwork();
  if (!laid.ok) throw new Error(laid.findings.map(({ why }) => why).join('\n'));
  const network = laid.value;
  const folder = mkdtempSync(join(tmpdir(), `godwit-test-${process.pid}-site-`));
  const started = await startPrivateServer(network, {
    folder,
    user: options.user ?? 'vividly',
    password: options.password ?? 'not-a-secret',
    database: 'vividly',
    settings: { fsync: 'off', autovacuum: 'off' },
    major: options.major,
  });
  if (!started.ok) {
    network[Symbol.dispose]();
    throw new Error(started.findings.map(({ why }) => why).join('\n'));
  }
  const server = started.value;
  const start: Site['start'] = (where, command, more = {}) => startProgram(where.enter(...command), more);
  return {
    network,
    server,
    start,
    async query<Row>(sql: string) {
      const asked = start(network.vpc, [process.execPath, '-e', askingProgram], {
        env: { URL_TO_ASK: server.url, SQL: sql },
      });
      const { exitCode, out, err } = await asked.ended;
      if (exitCode !== 0) throw new Error(err);
      return JSON.parse(out) as Row[];
    },
    async [Symbol.asyncDispose]() {
      await server.stop();
      network[Symbol.dispose]();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

const askingProgram = `
const { Client } = require(${JSON.stringify(new URL('../../node_modules/pg/lib/index.js', import.meta.url).pathname)});
const client = new Client({ connectionString: process.env.URL_TO_ASK.replace('?sslmode=disable', '') });
client.connect().then(() => client.query(process.env.SQL))
  .then((result) => console.log(JSON.stringify((Array.isArray(result) ? result.at(-1) : result).rows)))
  .then(() => client.end(), (error) => { console.error(error.message); process.exit(1); });`;
