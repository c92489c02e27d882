import type { CloudRunOptions } from '../adapters/engines/cloud-run/options.ts';
import { isOnThisMachine } from '../adapters/url/database-url.ts';
import type { DatabaseAddress } from '../adapters/postgres/address.ts';
import { fault } from '../kit/fault.ts';
import type { Finding } from '../kit/finding.ts';
import { milliseconds } from '../kit/duration.ts';
import { nearest } from '../kit/nearest.ts';
import { err, ok, type Outcome } from '../kit/outcome.ts';
import type { Redactor } from '../kit/redact.ts';
import { defaultLockPolicy, type LockPolicy } from '../migrate/contract/lock-policy.ts';
import { cloudRunOptions } from './cloud-run-options.ts';
import { environmentName } from './config-check.ts';
import { originalOf } from './config-identity.ts';
import type { CloudRunConfig, Config, EnvironmentConfig, HookConfig } from './config-model.ts';
import { envFileWith } from './env-file.ts';
import { readAddress } from './read-address.ts';
import { unusedUrl } from './unused-url.ts';

/** Where the database of an environment is. The address of a server contains its password, and is never printed. */
type Database =
  | { readonly kind: 'embedded'; readonly major?: number }
  | {
      readonly kind: 'server';
      readonly address: DatabaseAddress;
      /** The URL for commands: as given, with parameters for other programs. Never printed. */
      readonly url: string;
    }
  /** The URL is in Secret Manager, and only the job reads it: this machine never sees it. */
  | { readonly kind: 'secret'; readonly secret: string; readonly version?: string };

/** One environment with its policies, defaults filled in. */
export interface Environment {
  readonly name: string;
  readonly database: Database;
  readonly protected: boolean;
  readonly checkpoint: 'never' | 'destructive' | 'always';
  readonly triggers: 'fire' | 'inspect';
  /** What `up` does when the database is ahead of the folder. */
  readonly ahead: 'warn' | 'refuse';
  /** Whether `up` gives each migration its own transaction, or all share one. */
  readonly tx: 'each' | 'all';
  /** Patterns of objects whose differences `verify` only notes. */
  readonly ignore: readonly string[];
  readonly locks: LockPolicy;
  /** Where work executes: this machine, or jobs inside the private network. */
  readonly engine: 'local' | CloudRunOptions;
  /** The hooks that follow a successful `up`. */
  readonly hooks: readonly Hook[];
  /** The environment whose copies replace this one's database. */
  readonly copiedFrom?: string;
  /** The environment that must have all migrations first. */
  readonly requires?: string;
  /** Folder of migrations, if the environment has its own. */
  readonly migrations?: string;
}

/** A command that follows `up`. */
export interface Hook {
  readonly name: string;
  readonly command: readonly string[];
  readonly image?: string;
  readonly timeoutMs?: number;
}

/** The input for the choice of an environment. */
export interface EnvironmentQuestion {
  readonly config: Config;
  /** `-e NAME` */
  readonly named: string | undefined;
  readonly env: Readonly<Record<string, string | undefined>>;
  /** Asks a person to name a database on another machine; undefined: there is nobody to ask. */
  readonly askName: ((host: string) => Promise<string | undefined>) | undefined;
  readonly redactor: Redactor;
  /** The folder of the project, where a `.env` may be. */
  readonly root: string;
  /** True: the command is about the embedded server, so that it is used even in CI. */
  readonly embeddedAsked?: boolean;
}

const defaultVariable = 'DATABASE_URL';

/** Finds the environment, its database and its policies, and returns warnings about the URL. */
export async function chooseEnvironment(
  question: EnvironmentQuestion,
): Promise<Outcome<{ readonly environment: Environment; readonly findings: readonly Finding[] }>> {
  const chosen = await choose(question);
  if (!chosen.ok) return chosen;
  const { environment, findings } = chosen.value;
  // Each environment ignores what the project ignores.
  const ignore = [...(question.config.verify?.ignore ?? []), ...environment.ignore];
  return ok({ environment: { ...environment, ignore }, findings });
}

async function choose(question: EnvironmentQuestion): ReturnType<typeof chooseEnvironment> {
  const { config, named } = question;
  if (named !== undefined && !environmentName.test(named)) {
    return err(
      fault('environment-unknown', {
        why: `\`${named}\` is not a valid name for an environment.`,
        fix: 'Names consist of a letter, then letters, digits, `_` and `-`.',
      }),
    );
  }
  const defined = config.environments;
  if (defined === undefined || Object.keys(defined).length === 0) return withoutConfig(question);
  const name = named ?? 'local';
  const options = Object.hasOwn(defined, name) ? defined[name] : undefined;
  // `local` needs no entry: it is the embedded server.
  if (options === undefined && name !== 'local') return err(unknownEnvironment(name, Object.keys(defined)));
  if (typeof options?.engine === 'object')
    return ok({ environment: remote(name, options, options.engine, question), findings: [] });
  if (options === undefined) return embeddedUnasked(question);
  const database = databaseOf(options, question);
  if (!database.ok) return database;
  const environment = complete(name, { database: database.value.database, engine: 'local' }, options);
  const unused =
    environment.database.kind === 'embedded' && question.embeddedAsked !== true
      ? unusedUrl(name, config, question.env, isInCi(question.env))
      : undefined;
  if (unused?.severity === 'error') return err(unused);
  return ok({ environment, findings: [...database.value.findings, ...(unused === undefined ? [] : [unused])] });
}

function remote(
  name: string,
  options: EnvironmentConfig,
  config: CloudRunConfig,
  { env }: EnvironmentQuestion,
): Environment {
  const engine = cloudRunOptions({ name, config, database: options.database, env });
  const version = engine.secretVersion === undefined ? {} : { version: engine.secretVersion };
  return complete(name, { database: { kind: 'secret', secret: engine.secret, ...version }, engine }, options);
}

async function withoutConfig(question: EnvironmentQuestion): ReturnType<typeof chooseEnvironment> {
  const { env, named } = question;
  if (env[defaultVariable] === undefined) {
    if (named === undefined || named === 'local') return embeddedUnasked(question);
    return err(
      fault('environment-unknown', {
        why: `No configuration defines \`${named}\`, and DATABASE_URL is not set.`,
        fix: 'Set DATABASE_URL to its database, or write a configuration: `godwit init`.',
      }),
    );
  }
  const database = databaseOf({ database: { env: defaultVariable } }, question);
  if (!database.ok) return database;
  const found = database.value.database;
  let name = named;
  if (name === undefined && found.kind === 'server' && !isOnThisMachine(found.address)) {
    name = (await question.askName?.(found.address.host))?.trim();
    if (name === undefined || !environmentName.test(name)) {
      return err(
        fault('environment-unnamed', {
          why: `DATABASE_URL points to ${found.address.host}, which is another machine, and the configuration does not say which environment that is.`,
        }),
      );
    }
  }
  return ok({
    environment: complete(name ?? 'local', { database: found, engine: 'local' }, {}),
    findings: database.value.findings,
  });
}

/** The embedded server, where nothing names it. */
function embeddedUnasked({ env, root, embeddedAsked = false }: EnvironmentQuestion): Outcome<{
  readonly environment: Environment;
  readonly findings: readonly Finding[];
}> {
  const file = embeddedAsked ? undefined : envFileWith(defaultVariable, root);
  const reading = `Add \`--env-file ${file}\`, or \`envFile: "${file}"\` to the configuration.`;
  if (!embeddedAsked && isInCi(env))
    return err(fault('database-unnamed', file === undefined ? {} : { fix: `${file} sets DATABASE_URL. ${reading}` }));
  const environment = complete('local', { database: { kind: 'embedded' }, engine: 'local' }, {});
  const unread = fault('env-file-unread', {
    why: `${file} sets DATABASE_URL. Godwit reads such a file only if it is named, and works on the embedded server.`,
    fix: reading,
  });
  return ok({ environment, findings: file === undefined ? [] : [unread] });
}

function isInCi(env: EnvironmentQuestion['env']): boolean {
  return !/^(|0|false|no|off)$/i.test((env['CI'] ?? '').trim());
}

interface FoundDatabase {
  readonly database: Database;
  readonly findings: readonly Finding[];
}

function databaseOf(options: EnvironmentConfig, question: EnvironmentQuestion): Outcome<FoundDatabase> {
  const source = options.directUrl ?? options.database ?? 'embedded';
  if (source === 'embedded') {
    const major = options.major === undefined ? {} : { major: options.major };
    return ok({ database: { kind: 'embedded', ...major }, findings: [] });
  }
  if ('secret' in source) throw new Error('a secret belongs to a cloud engine: the configuration is checked for it');
  const label = 'env' in source ? source.env : 'the configured url';
  const text = 'env' in source ? question.env[source.env] : source.url;
  if (text === undefined || text.trim() === '') {
    const file = envFileWith(label, question.root);
    const example = `export ${label}=postgresql://USER:PASSWORD@HOST:5432/DATABASE`;
    const ci = isInCi(question.env) ? ' In CI, a secret that is missing, misspelt or kept from this job is empty.' : '';
    return err(
      fault('url-missing', {
        why:
          text === undefined
            ? `The environment variable ${label} is not set.`
            : `The environment variable ${label} is set, and empty.${ci}`,
        fix:
          file === undefined || text !== undefined
            ? `Set it: \`${example}\`.`
            : `${file} sets it: add \`--env-file ${file}\`, or \`envFile: "${file}"\` to the configuration.`,
      }),
    );
  }
  const read = readAddress(text, label, question);
  if (!read.ok) return read;
  const { address, url, findings } = read.value;
  return ok({ database: { kind: 'server', address, url }, findings });
}

const protectedByName: ReadonlySet<string> = new Set(['prod', 'production']);

function complete(
  name: string,
  { database, engine }: Pick<Environment, 'database' | 'engine'>,
  options: EnvironmentConfig,
): Environment {
  const isProtected = options.protected ?? protectedByName.has(name);
  const careless = name === 'local' || database.kind === 'embedded';
  return {
    name,
    database,
    protected: isProtected,
    checkpoint: options.checkpoint ?? (isProtected ? 'always' : careless ? 'never' : 'destructive'),
    triggers: options.triggers ?? (isProtected ? 'inspect' : 'fire'),
    ahead: options.ahead ?? 'warn',
    tx: options.tx ?? 'each',
    ignore: options.verify?.ignore ?? [],
    locks: locksOf(options),
    engine,
    hooks: (options.after?.up ?? []).map(hookOf),
    ...(options.requires === undefined ? {} : { requires: options.requires }),
    ...(options.identity === undefined ? {} : { copiedFrom: originalOf(options.identity) ?? '' }),
    ...(options.migrations === undefined ? {} : { migrations: options.migrations }),
  };
}

function hookOf({ name, command, image, timeout }: HookConfig): Hook {
  const timeoutMs = milliseconds(timeout ?? '');
  return {
    name,
    command,
    ...(image === undefined ? {} : { image }),
    ...(timeoutMs === undefined ? {} : { timeoutMs }),
  };
}

/** The finding about an environment that the configuration does not name. */
export function unknownEnvironment(name: string, defined: readonly string[]): Finding {
  const near = nearest(name, defined);
  return fault('environment-unknown', {
    why: `The configuration does not define \`${name}\`; it defines ${defined.join(', ')}.`,
    fix:
      near === undefined
        ? 'Name one of these with -e, or add it to the configuration.'
        : `Did you mean \`-e ${near}\`?`,
  });
}

function locksOf({ locks = {} }: EnvironmentConfig): LockPolicy {
  const { budgetMs, concurrentMs, waiters } = defaultLockPolicy;
  return {
    budgetMs: milliseconds(locks.budget ?? '') ?? budgetMs,
    concurrentMs: milliseconds(locks.concurrent ?? '') ?? concurrentMs,
    waiters: locks.waiters ?? waiters,
  };
}
