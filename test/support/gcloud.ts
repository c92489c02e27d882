import type { Emulator } from '../../emulator/start.ts';
import type { CommandEnd } from './page-shell.ts';

/**
 * `gcloud` as far as the pages use it: which API calls a command makes. A command or flag that is not in the table is
 * refused, so that a page cannot name one that nobody has looked up in gcloud's own source
 * (google-cloud-sdk-unofficial/google-cloud-sdk, `lib/surface`).
 */
export interface Gcloud {
  run(words: readonly string[], input: string): Promise<CommandEnd>;
  /** Who the application default credentials belong to, and the project that their quota is charged to. */
  readonly credentials: { principal?: string; quotaProject?: string };
}

/** A command with its flags read. */
interface Typed {
  readonly args: readonly string[];
  readonly flags: Readonly<Record<string, string>>;
  readonly input: string;
  readonly project: string;
  readonly ask: Ask;
}

/** Sends one call and returns the answer; an operation is waited for. */
type Ask = (verb: 'GET' | 'POST', path: string, body?: unknown) => Promise<Answer>;
type Answer = Readonly<Record<string, unknown>>;

interface Entry {
  /** The fewest and the most positional arguments. */
  readonly args: readonly [number, number];
  /** Flags that must be given, and others that may be. */
  readonly flags: readonly string[];
  readonly optional?: readonly string[];
  readonly run: (typed: Typed, state: State) => Promise<string>;
}

interface State {
  project: string;
  readonly credentials: Gcloud['credentials'];
  /** Who logs in with `gcloud auth application-default login`. */
  readonly person: string;
  readonly emulator: Emulator;
}

class Refused extends Error {}

const table: Readonly<Record<string, Entry>> = {
  'config set': {
    args: [2, 2],
    flags: [],
    run({ args: [name = '', value = ''] }, state) {
      if (name !== 'project') throw new Refused(`config set ${name} is not in the table`);
      state.project = value;
      return Promise.resolve('Updated property [core/project].');
    },
  },
  'services enable': {
    args: [2, 20],
    flags: [],
    run: async ({ args, project, ask }) => {
      await ask('POST', `v1/projects/${project}/services:batchEnable`, { serviceIds: args });
      return 'Operation finished successfully.';
    },
  },
  'compute networks vpc-access connectors create': {
    args: [1, 1],
    flags: ['region', 'range'],
    optional: ['network', 'min-instances', 'max-instances'],
    run: async ({ args: [id = ''], flags, project, ask }) => {
      const body = {
        network: flags['network'] ?? 'default',
        ipCidrRange: flags['range'],
        minInstances: Number(flags['min-instances'] ?? 2),
        maxInstances: Number(flags['max-instances'] ?? 10),
      };
      const parent = `projects/${project}/locations/${flags['region'] ?? ''}`;
      await ask('POST', `v1/${parent}/connectors?connectorId=${id}`, body);
      return `Created connector [${id}].`;
    },
  },
  'compute networks subnets create': {
    args: [1, 1],
    flags: ['region', 'network', 'range'],
    run: async ({ args: [name = ''], flags, project, ask }) => {
      const network = `projects/${project}/global/networks/${flags['network'] ?? ''}`;
      const path = `compute/v1/projects/${project}/regions/${flags['region'] ?? ''}/subnetworks`;
      await ask('POST', path, { name, network, ipCidrRange: flags['range'] });
      return `Created [${name}].`;
    },
  },
  'iam service-accounts create': {
    args: [1, 1],
    flags: [],
    optional: ['display-name', 'description'],
    run: async ({ args: [accountId = ''], flags, project, ask }) => {
      const serviceAccount = { displayName: flags['display-name'] };
      await ask('POST', `v1/projects/${project}/serviceAccounts`, { accountId, serviceAccount });
      return `Created service account [${accountId}].`;
    },
  },
  'iam service-accounts add-iam-policy-binding': binding([], ({ args: [email = ''], project }) => ({
    read: ['POST', `v1/projects/${project}/serviceAccounts/${email}:getIamPolicy`],
    write: `v1/projects/${project}/serviceAccounts/${email}:setIamPolicy`,
  })),
  'secrets create': {
    args: [1, 1],
    flags: ['replication-policy'],
    run: async ({ args: [id = ''], flags, project, ask }) => {
      const replication = { [flags['replication-policy'] ?? '']: {} };
      await ask('POST', `v1/projects/${project}/secrets?secretId=${id}`, { replication });
      return `Created secret [${id}].`;
    },
  },
  'secrets versions add': {
    args: [1, 1],
    flags: ['data-file'],
    run: async ({ args: [id = ''], flags, input, project, ask }) => {
      if (flags['data-file'] !== '-') throw new Refused('a secret comes from a pipe, not from a file');
      const payload = { data: Buffer.from(input).toString('base64') };
      const { name } = await ask('POST', `v1/projects/${project}/secrets/${id}:addVersion`, { payload });
      return `Created version [${String(name).split('/').at(-1)}] of the secret [${id}].`;
    },
  },
  'secrets add-iam-policy-binding': binding([], ({ args: [id = ''], project }) => ({
    read: ['GET', `v1/projects/${project}/secrets/${id}:getIamPolicy`],
    write: `v1/projects/${project}/secrets/${id}:setIamPolicy`,
  })),
  'artifacts repositories create': {
    args: [1, 1],
    flags: ['repository-format', 'location'],
    run: async ({ args: [id = ''], flags, project, ask }) => {
      const parent = `projects/${project}/locations/${flags['location'] ?? ''}`;
      const body = { format: (flags['repository-format'] ?? '').toUpperCase() };
      await ask('POST', `v1/${parent}/repositories?repositoryId=${id}`, body);
      return `Created repository [${id}].`;
    },
  },
  'artifacts repositories add-iam-policy-binding': binding(['location'], ({ args: [id = ''], flags, project }) => {
    const name = `projects/${project}/locations/${flags['location'] ?? ''}/repositories/${id}`;
    return { read: ['GET', `v1/${name}:getIamPolicy`], write: `v1/${name}:setIamPolicy` };
  }),
  'projects add-iam-policy-binding': binding(['condition'], ({ args: [id = ''] }) => ({
    read: ['POST', `v1/projects/${id}:getIamPolicy`],
    write: `v1/projects/${id}:setIamPolicy`,
  })),
  'auth application-default login': {
    args: [0, 0],
    flags: [],
    run(_, { credentials, person }) {
      credentials.principal = person;
      return Promise.resolve('Credentials saved to file.');
    },
  },
  // gcloud asks for the permission itself (auth/application_default/set_quota_project.py).
  'auth application-default set-quota-project': {
    args: [1, 1],
    flags: [],
    run({ args: [id = ''] }, { credentials, emulator }) {
      const need = { permission: 'serviceusage.services.use', resource: `projects/${id}` };
      if (credentials.principal === undefined || !emulator.iam.may(credentials.principal, need))
        throw new Refused(
          `Cannot add the project "${id}" as a quota project: the account lacks serviceusage.services.use`,
        );
      credentials.quotaProject = id;
      return Promise.resolve('Quota project added to ADC.');
    },
  },
  'logging sinks list': {
    args: [0, 0],
    flags: [],
    run: async ({ project, ask }) => JSON.stringify((await ask('GET', `v2/projects/${project}/sinks`))['sinks']),
  },
  'logging sinks describe': {
    args: [1, 1],
    flags: [],
    run: async ({ args: [name = ''], project, ask }) =>
      JSON.stringify(await ask('GET', `v2/projects/${project}/sinks/${name}`)),
  },
  // Without --freshness gcloud reads the last day only (logging/read.py).
  'logging read': {
    args: [1, 1],
    flags: [],
    optional: ['limit', 'format', 'freshness'],
    run: async ({ args: [given = ''], flags, project, ask }) => {
      const since = new Date(Date.now() - seconds(flags['freshness'] ?? '1d') * 1_000).toISOString();
      const body = {
        resourceNames: [`projects/${project}`],
        filter: `timestamp>="${since}" AND ${given}`,
        orderBy: 'timestamp desc',
        pageSize: Number(flags['limit'] ?? 1_000),
      };
      let page = await ask('POST', 'v2/entries:list', body);
      // A page may be empty and have a token; gcloud goes on then.
      while (page['entries'] === undefined && typeof page['nextPageToken'] === 'string')
        page = await ask('POST', 'v2/entries:list', { ...body, pageToken: page['nextPageToken'] });
      const { entries = [] } = page;
      const field = /^value\(jsonPayload\.(\w+)\)$/.exec(flags['format'] ?? '')?.[1] ?? '';
      return (entries as { jsonPayload?: Record<string, string> }[])
        .map(({ jsonPayload }) => jsonPayload?.[field] ?? '')
        .join('\n');
    },
  },
};

const seconds = (text: string): number =>
  Number(/^\d+/.exec(text)?.[0] ?? 0) * ({ d: 86_400, h: 3_600, m: 60, s: 1 }[text.slice(-1)] ?? 0);

/** Reads the policy of a resource, adds a binding, and writes it back, as gcloud does. */
function binding(
  more: readonly string[],
  place: (typed: Typed) => { readonly read: readonly ['GET' | 'POST', string]; readonly write: string },
): Entry {
  return {
    args: [1, 1],
    flags: ['member', 'role', ...more],
    async run(typed) {
      const { read, write } = place(typed);
      const policy = await typed.ask(read[0], read[1], read[0] === 'POST' ? {} : undefined);
      const { member, role } = typed.flags;
      const bindings = [...((policy['bindings'] ?? []) as unknown[]), { role, members: [member] }];
      await typed.ask('POST', write, { policy: { ...policy, bindings } });
      return `Updated IAM policy for [${typed.args[0] ?? ''}].`;
    },
  };
}

/**
 * @param owner who sets the project up
 * @param person who logs in for godwit afterwards
 */
export function createGcloud(emulator: Emulator, { owner, person }: { owner: string; person: string }): Gcloud {
  const state: State = { project: '', credentials: {}, person, emulator };
  return {
    credentials: state.credentials,
    async run(words, input) {
      const length = [5, 4, 3, 2].find((count) => Object.hasOwn(table, words.slice(0, count).join(' '))) ?? 0;
      const name = words.slice(0, length).join(' ');
      const entry = table[name];
      try {
        if (entry === undefined) throw new Refused('the command is not in the table');
        const read = flagsOf(words.slice(length), entry);
        const typed = { ...read, input, project: state.project, ask: askAs(emulator, owner) };
        return { status: 0, text: await entry.run(typed, state) };
      } catch (error) {
        return { status: 1, text: `gcloud ${words.join(' ')}: ${(error as Error).message}` };
      }
    },
  };
}

function flagsOf(words: readonly string[], entry: Entry): Pick<Typed, 'args' | 'flags'> {
  const args: string[] = [];
  const flags: Record<string, string> = {};
  for (let at = 0; at < words.length; at += 1) {
    const [, name, joined] = /^--([a-z-]+)(?:=(.*))?$/s.exec(words[at] ?? '') ?? [];
    if (name === undefined) args.push(words[at] ?? '');
    else if (![...entry.flags, ...(entry.optional ?? [])].includes(name))
      throw new Refused(`the flag --${name} is not in the table`);
    else flags[name] = joined ?? words[(at += 1)] ?? '';
  }
  const missing = entry.flags.find((name) => flags[name] === undefined);
  if (missing !== undefined) throw new Refused(`the flag --${missing} is missing`);
  if (args.length < entry.args[0] || args.length > entry.args[1]) throw new Refused(`${args.length} arguments`);
  return { args, flags };
}

function askAs(emulator: Emulator, principal: string): Ask {
  const send = async (verb: string, path: string, body?: unknown): Promise<Answer> => {
    const response = await fetch(`${emulator.url}/${path}`, {
      method: verb,
      headers: { authorization: `Bearer ${emulator.iam.token(principal)}`, 'content-type': 'application/json' },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
    const answer = (await response.json()) as { error?: { message: string } } & Answer;
    if (answer.error !== undefined) throw new Refused(answer.error.message);
    return answer;
  };
  return async (verb, path, body) => {
    const version = path.split('/')[0] ?? '';
    let answer = await send(verb, path, body);
    const { name, done } = answer;
    if (done === undefined || typeof name !== 'string' || !name.includes('operations/')) return answer;
    for (let tries = 0; answer['done'] !== true && tries < 100; tries += 1)
      answer = await send('GET', `${version}/${name}`);
    if (answer['error'] !== undefined) throw new Refused(JSON.stringify(answer['error']));
    return answer;
  };
}
