import { page } from '../core/dispatch.ts';
import { crc32c } from '../core/crc32c.ts';
import { ApiError, invalid, notFound } from '../core/errors.ts';
import { numberOf, objectOf, textOf, type Json, type JsonObject } from '../core/json.ts';
import { policyMethods } from '../core/policy.ts';
import { checkImmutable } from '../proto/required.ts';
import { camel } from '../proto/walk.ts';
import { needs, type Call, type Method, type ServiceModule } from '../core/service.ts';
import { perWorld, type World } from '../core/world.ts';

interface VersionRecord {
  readonly number: number;
  readonly createTime: string;
  state: 'ENABLED' | 'DISABLED' | 'DESTROYED';
  /** Base64; undefined once destroyed. */
  data: string | undefined;
}

interface SecretRecord {
  secret: JsonObject;
  readonly versions: VersionRecord[];
}

/** Secrets by name: `projects/p/secrets/s`. */
const secretsOf: (world: World) => Map<string, SecretRecord> = perWorld(() => new Map<string, SecretRecord>());

/** Adds a version to a secret, which is made if it does not exist. Returns the version's number. */
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

/** `latest` is the newest version, whatever its state (documentation); an alias is resolved. */
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
  const id = textOf(request['secretId']);
  // Documentation.
  if (!/^[A-Za-z0-9_-]{1,255}$/.test(id))
    throw invalid('secret_id', `The provided Secret ID [${id}] does not match the expected format [[a-zA-Z_0-9]+].`);
  const wanted = objectOf(request['secret']);
  if (Object.keys(objectOf(wanted['replication'])).length === 0)
    throw invalid('secret.replication', 'The replication policy is required.');
  const secret = { ...wanted, name, createTime: call.world.now(), etag: '"1"' };
  secretsOf(call.world).set(name, { secret, versions: [] });
  return secret;
}

function accessVersion(request: JsonObject, call: Call): Json {
  const name = textOf(request['name']);
  const { secret, version } = versionNamed(call, name);
  if (version.state !== 'ENABLED')
    throw new ApiError('FAILED_PRECONDITION', `Secret Version [${name}] is in ${version.state} state.`);
  const data = version.data ?? '';
  const dataCrc32c = String(crc32c(Buffer.from(data, 'base64')));
  return { name: `${secret}/versions/${version.number}`, payload: { data, dataCrc32c } };
}

/** Documentation: at most 64 KiB, and refused if the checksum does not match. */
function addSecretVersion(request: JsonObject, call: Call): Json {
  const parent = textOf(request['parent']);
  const record = secretNamed(call, parent);
  const payload = objectOf(request['payload']);
  const bytes = Buffer.from(textOf(payload['data']), 'base64');
  if (bytes.length > 65_536) throw invalid('payload.data', 'Secret Payload cannot exceed 65536 bytes.');
  const sum = payload['dataCrc32c'];
  if (sum !== undefined && numberOf(sum) !== crc32c(bytes))
    throw invalid('payload.data_crc32c', 'The provided checksum does not match the payload.');
  const version = render(parent, addVersion(call.world, record, bytes.toString('base64')));
  // Proto: true if the caller sent a checksum; gcloud takes anything else for a damaged payload.
  return sum === undefined ? version : { ...version, clientSpecifiedPayloadChecksum: true };
}

/** Proto: only fields that the mask names; versions are given by name, labels and annotations may change. */
function updateSecret(request: JsonObject, call: Call): Json {
  const wanted = objectOf(request['secret']);
  const record = secretNamed(call, textOf(wanted['name']));
  const paths = textOf(request['updateMask']).split(',').map(camel);
  const changed = Object.fromEntries(paths.map((path) => [path, wanted[path]]));
  checkImmutable(call.world.descriptors, 'google.cloud.secretmanager.v1.Secret', record.secret, changed);
  const changeable = ['replication', 'labels', 'annotations', 'versionAliases', 'expireTime', 'topics', 'rotation'];
  const fixed = paths.find((path) => !changeable.includes(path));
  if (fixed !== undefined) throw invalid('update_mask', `The field ${fixed} cannot be changed.`);
  record.secret = { ...record.secret, ...changed };
  return record.secret;
}

function listSecrets(request: JsonObject, { world }: Call): Json {
  const parent = `${textOf(request['parent'])}/secrets/`;
  const all = [...secretsOf(world).entries()]
    .filter(([name]) => name.startsWith(parent))
    .map(([, { secret }]) => secret);
  const { items, next } = page(all, request, 25_000);
  return { secrets: items, totalSize: all.length, ...(next === undefined ? {} : { nextPageToken: next }) };
}

/** Documentation: `state:ENABLED` is the filter that clients use; others are not supported. */
function listVersions(request: JsonObject, call: Call): Json {
  const name = textOf(request['parent']);
  const [, state] = /^(?:state[:=])([A-Z]+)$/.exec(textOf(request['filter'])) ?? [];
  if (textOf(request['filter']) !== '' && state === undefined)
    throw invalid('filter', `The filter ${textOf(request['filter'])} is not supported: state:ENABLED.`);
  const all = [...secretNamed(call, name).versions]
    .reverse()
    .filter((version) => state === undefined || version.state === state)
    .map((version) => render(name, version));
  const { items, next } = page(all, request, 25_000);
  return { versions: items, totalSize: all.length, ...(next === undefined ? {} : { nextPageToken: next }) };
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
    ListSecrets: {
      mark: 'documentation',
      needs: needs('secretmanager.secrets.list', 'parent'),
      handle: listSecrets,
    },
    UpdateSecret: {
      mark: 'proto',
      needs: needs('secretmanager.secrets.update', 'secret.name'),
      handle: updateSecret,
    },
    DeleteSecret: {
      mark: 'documentation',
      needs: needs('secretmanager.secrets.delete', 'name'),
      handle(request, call) {
        secretNamed(call, textOf(request['name']));
        secretsOf(call.world).delete(textOf(request['name']));
        return {};
      },
    },
    ...policyMethods('secretmanager.secrets', (name, call) => void secretNamed(call, name)),
    AddSecretVersion: {
      mark: 'documentation',
      needs: needs('secretmanager.versions.add', 'parent'),
      handle: addSecretVersion,
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
      handle: listVersions,
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
