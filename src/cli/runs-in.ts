import { readdirSync } from 'node:fs';
import { join } from 'node:path';

/** The ids of the runs that this project knows: the names of the files of its ledger. */
export function runsIn(stateDir: string): readonly string[] {
  try {
    return readdirSync(join(stateDir, 'runs')).flatMap((name) => /^(\w+)\.json$/.exec(name)?.[1] ?? []);
  } catch {
    return [];
  }
}
