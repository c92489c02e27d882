import type { DatabaseAddress } from '../../adapters/postgres/address.ts';
import { readStartupOptions, startupOption } from '../../adapters/url/startup-options.ts';
import { databaseUrlOf } from '../../adapters/url/write-url.ts';
import { fault } from '../../kit/fault.ts';
import type { Finding } from '../../kit/finding.ts';
import { err, ok, type Outcome } from '../../kit/outcome.ts';
import type { Project } from '../../project/open.ts';
import { readAddress } from '../../project/read-address.ts';
import { quoteIdent } from '../../sql/quote.ts';
import type { ListedDatabase } from './read-list.ts';

/** One of many databases, or one schema of a database. */
export interface Member {
  /** Its name for people and programs, without secrets; in the form of a line of the list. */
  readonly name: string;
  readonly address: DatabaseAddress;
  /** The URL for commands. Never printed. */
  readonly url: string;
  readonly schema?: string;
  /** Names the server, whose connections all its databases share. */
  readonly server: string;
  /** Names the database: two runs in it would wait for each other. */
  readonly place: string;
  /** True: the environment's own database. */
  readonly isOwn: boolean;
}

/** The members that the entries of a list mean, and warnings about their URLs. Refuses a list with a member twice. */
export function membersOf(
  listed: readonly ListedDatabase[],
  base: { readonly address: DatabaseAddress; readonly url: string },
  project: Pick<Project, 'env' | 'redactor'>,
): Outcome<{ readonly members: readonly Member[]; readonly findings: readonly Finding[] }> {
  const members: Member[] = [];
  const faults: Finding[] = [];
  const findings: Finding[] = [];
  const places = new Map<string, string>();
  for (const one of listed) {
    const found = memberOf(one, base, project);
    if (!found.ok) {
      faults.push(...found.findings);
      continue;
    }
    const { member, warnings } = found.value;
    findings.push(...warnings);
    const key = `${member.place} ${member.schema ?? ''}`;
    const before = places.get(key);
    if (before === undefined) places.set(key, one.place);
    else faults.push(fault('listed-twice', { why: `${one.place} and ${before} both lead to ${placeText(member)}.` }));
    members.push(member);
  }
  return faults.length > 0 ? err(...faults) : ok({ members, findings });
}

function placeText({ address: { host, port, database }, schema }: Member): string {
  return `${host}:${port}/${database}${schema === undefined ? '' : `, schema ${schema}`}`;
}

function memberOf(
  { place, database, url, schema }: ListedDatabase,
  base: { readonly address: DatabaseAddress; readonly url: string },
  project: Pick<Project, 'env' | 'redactor'>,
): Outcome<{ readonly member: Member; readonly warnings: readonly Finding[] }> {
  const read = url === undefined ? ok({ ...base, findings: [] }) : readAddress(url, place, project);
  if (!read.ok) return read;
  const named = database === undefined ? read.value.address : { ...read.value.address, database };
  const address = schema === undefined ? named : { ...named, options: withSearchPath(named.options, schema) };
  const { host, port } = address;
  const server = `${host}:${port}`;
  const isThere = server === `${base.address.host}:${base.address.port}`;
  const isOwn = isThere && address.database === base.address.database;
  const where = isThere ? address.database : `${server}/${address.database}`;
  const member = {
    name: schema === undefined ? where : isOwn ? `schema=${schema}` : `${where} schema=${schema}`,
    address,
    url: address === read.value.address ? read.value.url : databaseUrlOf(address),
    ...(schema === undefined ? {} : { schema }),
    server,
    place: `${server}/${address.database}`,
    isOwn,
  };
  return ok({ member, warnings: read.value.findings });
}

/** The schema comes first; behind it what the URL asks for, or `public`, where extensions usually are. */
function withSearchPath(options: string | undefined, schema: string): string {
  const behind = readStartupOptions(options ?? '').settings['search_path'] ?? 'public';
  const path = startupOption('search_path', `${quoteIdent(schema)}, ${behind}`);
  return options === undefined ? path : `${options} ${path}`;
}
