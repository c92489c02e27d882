import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseEnv } from 'node:util';
import { fault } from '../kit/fault.ts';
import type { ProcessVariables } from '../kit/secret-variables.ts';
import { err, ok, type Outcome } from '../kit/outcome.ts';

/**
 * The environment with the variables of a file added; those of the environment go before them.
 *
 * @param label the file's name in findings
 */
export function withEnvFile(env: ProcessVariables, path: string, label: string): Outcome<ProcessVariables> {
  let text: string;
  try {
    text = readFileSync(path, 'utf8');
  } catch (error) {
    const { code = '' } = error as NodeJS.ErrnoException;
    const why = code === 'ENOENT' ? 'There is no such file.' : `It cannot be read (${code}).`;
    return err(fault('env-file-unreadable', { why: `${label}: ${why}` }));
  }
  const known = Object.fromEntries(Object.entries(env).filter(([, value]) => value !== undefined));
  return ok({ ...variablesIn(text), ...known });
}

/** The file in this folder, of those that many programs read, that sets a variable; undefined: none. */
export function envFileWith(variable: string, folder: string): string | undefined {
  return ['.env', '.env.local'].find((name) => {
    try {
      return (variablesIn(readFileSync(join(folder, name), 'utf8'))[variable] ?? '').trim() !== '';
    } catch {
      return false;
    }
  });
}

function variablesIn(text: string): Readonly<Record<string, string>> {
  return parseEnv(text.replace(/^\uFEFF/, '')) as Readonly<Record<string, string>>;
}
