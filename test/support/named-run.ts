import { readdirSync } from 'node:fs';
import { join } from 'node:path';

/** The whole id of the detached run that a text names for `runs attach`. */
export function namedRun(folder: string, text: string): string {
  const [, name = ''] = /runs attach (?:-e \S+ )?(\w+)/.exec(text) ?? [];
  const entries = readdirSync(join(folder, '.godwit/runs')).filter((entry) => entry.endsWith('.json'));
  const found = name === '' ? [] : entries.filter((entry) => entry.startsWith(name));
  if (found.length !== 1) throw new Error(`“${name}” names ${found.length} runs:\n${text}`);
  return found[0]?.slice(0, -'.json'.length) ?? '';
}
