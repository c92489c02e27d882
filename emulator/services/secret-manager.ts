import { page } from '../core/dispatch.ts';
import { ApiError, notFound } from '../core/errors.ts';
import { objectOf, textOf, type Json, type JsonObject } from '../core/json.ts';
import { needs, type Call, type Method, type ServiceModule } from '../core/service.ts';
import { perWorld, type World } from '../core/world.ts';

interface VersionRecord {
  readonly number: number;
  readonly createTime: string;
  state: 'ENABLED' | 'DISABLED' | 'DESTROYED';
  /** Base64; gone when destroyed. */
  data: string | undefined;
}

interface SecretRecord {
  readonly secret: JsonObject;
  readonly versions: VersionRecord[];
}

/** Secrets by name: `projects/p/secrets/s`. */
export const secretsOf: (world: World) => Map<string, SecretRecord> = perWorld(() => new Map<string, SecretRecord>());

/** Adds a version to a secret, which is made when it is not there. Returns the version's number. */
export function putSecret(world: World, name: string, value: string | Uint8Array): number {
  const secrets = secretsOf(world);
  const record = secrets.get(name) ?? {
    secret: { name, replication: { automatic: {} }, createTime: world.now() },
    versions: [],
  };
  secrets.set(name, record);
  return addVersion(world, record, Buffer.from(value).toString('base64')).number;
}

/** Why a version cannot be read, in the platform's terms. */
export type SecretProblem = 'missing' | 'disabled' | 'destroyed';

/** The bytes of a version, by number or `latest`. */
export function readSecret(
  world: World,
  name: string,
  version: string,
):
  | { readonly value: string; readonly number: number }
  | { readonly value?: undefined; readonly problem: SecretProblem } {
  const found = findVersion(secretsOf(world).get(name), version);
  if (found === undefined) return { problem: 'missing' };
  if (found.state === 'DISABLED') return { problem: 'disabled' };
  if (found.state === 'DESTROYED' || found.data === undefined) return { problem: 'destroyed' };
  return { value: Buffer.from(found.data, 'base64').toString('utf8'), number: found.number };
}

function addVersion(world: World, record: SecretRecord, data: string): VersionRecord {
  const version: VersionRecord = {
    number: record.versions.length + 1,
    createTime: world.now(),
    state: 'ENABLED',
    data,
  };
  record.versions.push(version);
  return version;
}

/** `latest` is the newest version, whatever its state (documentation); an alias is looked up. */
function findVersion(record: SecretRecord | undefined, version: string): VersionRecord | undefined {
  if (version === 'latest') return record?.versions.at(-1);
  const alias = textOf(objectOf(record?.secret['versionAliases'])[version]);
  return record?.versions.find((each) => String(each.number) === (alias || version));
}

function secretNamed(call: Call, name: string): SecretRecord {
  const record = secretsOf(call.world).get(name);
  if (record === undefined) throw notFound(`Secret [${name}] not found.`);
  return record;
}

function versionNamed(call: Call, name: string): { readonly secret: string; readonly version: VersionRecord } {
  const [, secret = '', id = ''] = /^(.*)\/versions\/([^/]+)$/.exec(name) ?? [];
  const version = findVersion(secretNamed(call, secret), id);
  if (version === undefined) throw notFound(`Secret Version [${name}] not found.`);
  return { secret, version };
}

const render = (secret: string, version: VersionRecord): JsonObject => ({
  name: `${secret}/versions/${version.number}`,
  createTime: version.createTime,
  state: version.state,
});

function setState(state: VersionRecord['state']): Method['handle'] {
  return (request, call) => {
    const { secret, version } = versionNamed(call, textOf(request['name']));
    if (version.state === 'DESTROYED')
      throw new ApiError('FAILED_PRECONDITION', `Secret Version [${textOf(request['name'])}] is in DESTROYED state.`);
    version.state = state;
    if (state === 'DESTROYED') version.data = undefined;
    return render(secret, version);
  };
}

function createSecret(request: JsonObject, call: Call): Json {
  const name = `${textOf(request['parent'])}/secrets/${textOf(request['secretId'])}`;
  if (secretsOf(call.world).has(name)) throw new ApiError('ALREADY_EXISTS', `Secret [${name}] already exists.`);
  const secret = { ...objectOf(request['secret']), name, createTime: call.world.now(), etag: '"1"' };
  secretsOf(call.world).set(name, { secret, versions: [] });
  return secret;
}

function accessVersion(request: JsonObject, call: Call): Json {
  const name = textOf(request['name']);
  const { secret, version } = versionNamed(call, name);
  if (version.state !== 'ENABLED')
    throw new ApiError('FAILED_PRECONDITION', `Secret Version [${name}] is in ${version.state} state.`);
  return { name: `${secret}/versions/${version.number}`, payload: { data: version.data ?? '' } };
}

/** Secret Manager: secrets with numbered versions. */
export const secretManager: ServiceModule = {
  name: 'secretmanager',
  service: 'google.cloud.secretmanager.v1.SecretManagerService',
  methods: {
    CreateSecret: {
      mark: 'documentation',
      needs: needs('secretmanager.secrets.create', 'parent'),
      handle: createSecret,
    },
    GetSecret: {
      mark: 'documentation',
      needs: needs('secretmanager.secrets.get', 'name'),
      handle: (request, call) => secretNamed(call, textOf(request['name'])).secret,
    },
    AddSecretVersion: {
      mark: 'documentation',
      needs: needs('secretmanager.versions.add', 'parent'),
      handle(request, call) {
        const record = secretNamed(call, textOf(request['parent']));
        const data = textOf(objectOf(request['payload'])['data']);
        return render(textOf(request['parent']), addVersion(call.world, record, data));
      },
    },
    GetSecretVersion: {
      mark: 'documentation',
      needs: needs('secretmanager.versions.get', 'name'),
      handle(request, call) {
        const { secret, version } = versionNamed(call, textOf(request['name']));
        return render(secret, version);
      },
    },
    ListSecretVersions: {
      mark: 'documentation',
      needs: needs('secretmanager.versions.list', 'parent'),
      handle(request, call) {
        const name = textOf(request['parent']);
        const all = [...secretNamed(call, name).versions].reverse().map((version) => render(name, version));
        const { items, next } = page(all, request, 25_000);
        return { versions: items, totalSize: all.length, ...(next === undefined ? {} : { nextPageToken: next }) };
      },
    },
    AccessSecretVersion: {
      mark: 'documentation',
      needs: needs('secretmanager.versions.access', 'name'),
      handle: accessVersion,
    },
    EnableSecretVersion: {
      mark: 'documentation',
      needs: needs('secretmanager.versions.enable', 'name'),
      handle: setState('ENABLED'),
    },
    DisableSecretVersion: {
      mark: 'documentation',
      needs: needs('secretmanager.versions.disable', 'name'),
      handle: setState('DISABLED'),
    },
    DestroySecretVersion: {
      mark: 'documentation',
      needs: needs('secretmanager.versions.destroy', 'name'),
      handle: setState('DESTROYED'),
    },
  },
};
