/**
 * Configuration of a project: `godwit.config.ts`, `.mjs` or `.json`.
 *
 * @module
 */
import type { Config } from './project/config-model.ts';

export type { CloudRunConfig, Config, DatabaseSource, EnvironmentConfig, HookConfig } from './project/config-model.ts';

/**
 * Gives a configuration its type; returns it unchanged.
 *
 * @param config folder of migrations and environments; never a password: databases are named by the environment
 *   variable or the secret that holds their URL
 * @returns the same object; it is checked when a command reads it
 *
 * @example
 * ```ts
 * import { defineConfig } from 'godwit/config';
 *
 * export default defineConfig({
 *   migrations: 'migrations',
 *   environments: {
 *     local: { database: 'embedded' },
 *     dev: { engine: { kind: 'cloud-run', project: 'acme-dev', instance: 'dev-db' } },
 *     prod: { database: { env: 'PROD_DATABASE_URL' }, protected: true },
 *   },
 * });
 * ```
 */
export function defineConfig(config: Config): Config {
  return config;
}
