import { join } from 'node:path';
import { createFileLedger } from '../adapters/ledger/file-ledger.ts';
import { ok, type Outcome } from '../kit/outcome.ts';
import type { Ledger } from '../migrate/contract/engine.ts';
import { loadConfig } from './load-config.ts';
import { stateFolders } from './state-folders.ts';
import { openProject, type OpenOptions, type Project } from './open.ts';

/** One environment of the configuration, opened without connecting to anything. */
export interface NamedEnvironment {
  readonly name: string;
  readonly ledger: Ledger;
  /** Absent: something that a connection needs is missing, such as the variable with the URL. */
  readonly project?: Project;
}

/** The environments that a configuration names, in its order, and `local`; empty if it names none. */
export async function environmentNames(
  options: Pick<OpenOptions, 'cwd' | 'configFile'>,
): Promise<Outcome<readonly string[]>> {
  const loaded = await loadConfig(options.cwd, options.configFile);
  if (!loaded.ok) return loaded;
  const names = Object.keys(loaded.value.config.environments ?? {});
  return ok(names.length === 0 || names.includes('local') ? names : ['local', ...names]);
}

/** Opens all environments of the configuration. */
export async function everyEnvironment(options: OpenOptions): Promise<Outcome<readonly NamedEnvironment[]>> {
  const names = await environmentNames(options);
  if (!names.ok) return names;
  const loaded = await loadConfig(options.cwd, options.configFile);
  if (!loaded.ok) return loaded;
  const runs = join(stateFolders(loaded.value.root, options.env).informing, 'runs');
  const opened = names.value.map(async (environment): Promise<NamedEnvironment> => {
    const project = await openProject({ ...options, environment });
    if (project.ok) return { name: environment, ledger: project.value.ledger, project: project.value };
    const redact = (text: string): string => options.redactor?.redact(text) ?? text;
    return { name: environment, ledger: createFileLedger(runs, redact) };
  });
  return ok(await Promise.all(opened));
}
