import { fault } from '../kit/fault.ts';
import type { Finding } from '../kit/finding.ts';
import { err, ok, type Outcome } from '../kit/outcome.ts';
import { setName } from '../migrate/contract/migration-id.ts';
import { layouts } from '../migrate/contract/tool.ts';
import type { Config } from './config-model.ts';
import { cloudRun, secretName, secretVersion } from './config-cloud-run.ts';
import { identity, unknownOriginals } from './config-identity.ts';
import { after, imagesWithoutEngine, unmetRequirements } from './config-hooks.ts';
import {
  count,
  duration,
  flag,
  isRecord,
  join,
  oneOf,
  passwordlessUrl,
  patterns,
  shape,
  show,
  text,
  variable,
  type Kind,
  type Problem,
} from './config-kinds.ts';

/** The configuration, if every key is known and has a valid value; else a fault for each key that does not. */
export function checkConfig(value: unknown, file: string): Outcome<Config> {
  const problems = configShape(value, '');
  if (problems.length === 0) return ok(value as Config);
  return err(...problems.map((problem) => finding(problem, file)));
}

function finding({ path, why, fix, code }: Problem, file: string): Finding {
  return fault(code ?? 'config-invalid', {
    why: path === '' ? why : `${path}: ${why}`,
    ...(fix === undefined ? {} : { fix }),
    where: { file },
  });
}

const databaseKeys: Readonly<Record<string, Kind>> = {
  env: variable,
  url: passwordlessUrl,
  secret: secretName,
  version: secretVersion,
};

const database: Kind = (value, path) => {
  if (value === 'embedded') return [];
  if (typeof value === 'string') {
    const hint = /:\/\//.test(value)
      ? 'Put the URL into an environment variable: database: { env: "DATABASE_URL" }.'
      : undefined;
    return [
      {
        path,
        why: 'must be "embedded", { env: NAME }, { url: URL } or { secret: NAME }.',
        ...(hint === undefined ? {} : { fix: hint }),
      },
    ];
  }
  const problems = shape(databaseKeys)(value, path);
  if (problems.length > 0 || !isRecord(value)) return problems;
  const named = Object.keys(value).filter((key) => key !== 'version');
  if (named.length !== 1) return [{ path, why: 'must have one key: `env`, `url` or `secret`.' }];
  return 'version' in value && !('secret' in value) ? [{ path, why: '`version` belongs to `secret`.' }] : [];
};

const directUrl: Kind = (value, path) =>
  value === 'embedded' || (isRecord(value) && 'secret' in value)
    ? [{ path, why: 'must be { env: NAME } or { url: URL }.' }]
    : database(value, path);

const engine: Kind = (value, path) => (isRecord(value) ? cloudRun(value, path) : oneOf('local')(value, path));

const verify = shape({ ignore: patterns });

const environmentShape = shape({
  database,
  directUrl,
  major: oneOf(14, 15, 16, 17, 18),
  protected: flag,
  checkpoint: oneOf('never', 'destructive', 'always'),
  triggers: oneOf('fire', 'inspect'),
  ahead: oneOf('warn', 'refuse'),
  tx: oneOf('each', 'all'),
  verify,
  locks: shape({ budget: duration, concurrent: duration, waiters: count }),
  migrations: text,
  engine,
  after,
  requires: text,
  identity,
});

/** Only a cloud engine reads a secret, inside the private network, and it needs one. */
const environment: Kind = (value, path) => {
  const problems = environmentShape(value, path);
  if (problems.length > 0 || !isRecord(value)) return problems;
  const remote = isRecord(value['engine']);
  const source = value['database'];
  const secret = isRecord(source) && 'secret' in source;
  if (secret && !remote)
    return [
      {
        path: join(path, 'database'),
        why: 'names a secret, which only a cloud engine reads.',
        fix: 'Add engine: { kind: "cloud-run", project: "…" }, or name an environment variable: { env: "DATABASE_URL" }.',
      },
    ];
  if (!remote) return imagesWithoutEngine(value, path);
  if (source !== undefined && !secret)
    return [
      {
        path: join(path, 'database'),
        why: 'must be { secret: NAME }: the job reads the URL from Secret Manager.',
        fix: 'Omit it to use the secret `database-url-{env}`, or name another one.',
      },
    ];
  return ['directUrl', 'major']
    .filter((key) => value[key] !== undefined)
    .map((key) => ({ path: join(path, key), why: 'has no effect with a cloud engine.', fix: 'Remove it.' }));
};

/** The pattern of environment names. */
export const environmentName = /^[A-Za-z][A-Za-z0-9_-]{0,62}$/;

const environments: Kind = (value, path) => {
  if (!isRecord(value)) return [{ path, why: `must be an object, not ${show(value)}.` }];
  const each = Object.entries(value).flatMap(([name, member]) =>
    environmentName.test(name)
      ? environment(member, join(path, name))
      : [
          {
            path: join(path, name),
            why: 'is not a valid name for an environment: use a letter, then letters, digits, `_` and `-`.',
          },
        ],
  );
  return each.length > 0 ? each : [...unmetRequirements(value, path), ...unknownOriginals(value, path)];
};

const set: Kind = (value, path) =>
  typeof value === 'string' && setName.test(value) && value !== reservedSet
    ? []
    : [
        {
          path,
          why: `must be a name in lower case (letters, digits, \`_\`, \`-\`), not \`file\` or \`${reservedSet}\`, which are reserved.`,
        },
      ];

/** The set that godwit reserves for its own use. */
const reservedSet = 'prompts';

const configShape = shape({
  $schema: text,
  migrations: text,
  layout: oneOf('auto', ...layouts),
  set,
  envFile: text,
  verify,
  environments,
});
