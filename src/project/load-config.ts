import { existsSync, readFileSync } from 'node:fs';
import { basename, dirname, join, resolve } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { fault } from '../kit/fault.ts';
import { jsonProblem } from '../kit/json-problem.ts';
import { err, ok, type Outcome } from '../kit/outcome.ts';
import { checkConfig } from './config-check.ts';
import type { Config } from './config-model.ts';

/** A configuration, and the folder that its paths are relative to. `file` is absent when there is no configuration. */
export interface LoadedConfig {
  readonly root: string;
  readonly file?: string;
  readonly config: Config;
}

/** The file names of a configuration. */
export const configNames = ['godwit.config.ts', 'godwit.config.mjs', 'godwit.config.json'] as const;

/** Loads the named configuration, or the one in `cwd`; an empty one if there is none. */
export async function loadConfig(cwd: string, named?: string): Promise<Outcome<LoadedConfig>> {
  const path = named === undefined ? configNames.map((name) => join(cwd, name)).find(existsSync) : resolve(cwd, named);
  if (path === undefined) return ok({ root: cwd, config: {} });
  const label = named ?? basename(path);
  const value = await readValue(path, label);
  if (!value.ok) return value;
  const config = checkConfig(value.value, label);
  return config.ok ? ok({ root: dirname(path), file: path, config: config.value }) : config;
}

async function readValue(path: string, label: string): Promise<Outcome<unknown>> {
  if (!existsSync(path)) return unreadable(label, 'There is no such file.');
  try {
    if (path.endsWith('.json')) return readJson(readFileSync(path, 'utf8').replace(/^\uFEFF/, ''), label);
    const module = await importModule(path);
    if (module.default !== undefined) return ok(module.default);
    return unreadable(label, 'The file has no default export.', 'End it with `export default defineConfig({ … })`.');
  } catch (error) {
    return unreadable(label, `${(error as Error).message}.`);
  }
}

function readJson(text: string, label: string): Outcome<unknown> {
  try {
    return ok(JSON.parse(text));
  } catch (error) {
    return unreadable(label, `${jsonProblem(text, error)}.`);
  }
}

interface Module {
  readonly default?: unknown;
}

/** Uses Node's own import if it can read the file; jiti for TypeScript on older Nodes or without godwit installed. */
async function importModule(path: string): Promise<Module> {
  const stripsTypes = Boolean((process.features as { readonly typescript?: unknown }).typescript);
  if (path.endsWith('.ts') && !stripsTypes) return importWithJiti(path);
  try {
    return (await import(pathToFileURL(path).href)) as Module;
  } catch (error) {
    // The program was run by npx, and the project has not installed it: the program provides its own module.
    if (/['"]godwit(\/config)?['"]/.test((error as Error).message)) return importWithJiti(path);
    throw error;
  }
}

async function importWithJiti(path: string): Promise<Module> {
  const { createJiti } = await import('jiti');
  const door = ['./lib/config.js', '../config.js', '../config.ts']
    .map((candidate) => fileURLToPath(new URL(candidate, import.meta.url)))
    .find(existsSync);
  const alias = door === undefined ? {} : { 'godwit/config': door };
  return await createJiti(import.meta.url, { fsCache: false, moduleCache: false, alias }).import<Module>(path);
}

function unreadable(label: string, why: string, fix?: string): Outcome<never> {
  return err(fault('config-unreadable', { why, ...(fix === undefined ? {} : { fix }), where: { file: label } }));
}
