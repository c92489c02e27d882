import { isOnThisMachine, readDatabaseUrl } from '../adapters/url/database-url.ts';
import { fault } from '../kit/fault.ts';
import type { Finding } from '../kit/finding.ts';
import type { Config } from './config-model.ts';

const variable = 'DATABASE_URL';

/**
 * The finding about a DATABASE_URL that is set while the environment works on the embedded server, and that no
 * environment of the configuration names: the database that somebody meant would never be migrated. Outside CI an
 * address of this machine is not told: it may be the embedded server’s own, for the program that is developed.
 *
 * @param inCi true: an address of another machine is refused, because nobody reads the warnings of a green pipeline
 */
export function unusedUrl(
  name: string,
  config: Config,
  env: Readonly<Record<string, string | undefined>>,
  inCi: boolean,
): Finding | undefined {
  const text = env[variable] ?? '';
  if (text.trim() === '' || isNamed(config)) return undefined;
  const url = readDatabaseUrl(text, variable, { user: '' });
  const away = url.ok && !isOnThisMachine(url.value.address);
  if (!away && !inCi) return undefined;
  const host = url.ok ? ` (${url.value.address.host})` : '';
  const why = `The environment \`${name}\` works on the embedded server, and no environment of the configuration has DATABASE_URL${host} as its database.`;
  const fix = `Give it to an environment, \`"dev": { "database": { "env": "DATABASE_URL" } }\`, and name that one with -e. If the embedded server is meant, unset DATABASE_URL for this command.`;
  return away && inCi ? fault('database-unnamed', { why, fix }) : fault('url-unused', { why, fix });
}

function isNamed({ environments = {} }: Config): boolean {
  return Object.values(environments).some((environment) =>
    [environment.database, environment.directUrl].some(
      (source) => typeof source === 'object' && 'env' in source && source.env === variable,
    ),
  );
}
