import { readFileSync } from 'node:fs';

/** Version of godwit: set by the build of the one-file programs, else read from package.json. */
export function version(): string {
  return process.env.GODWIT_VERSION ?? fromPackage();
}

function fromPackage(): string {
  for (const up of ['../..', '../../..', '../../../..']) {
    try {
      const text = readFileSync(new URL(`${up}/package.json`, import.meta.url), 'utf8');
      const found = JSON.parse(text) as { name?: string; version?: string };
      if (found.name === 'godwit' && found.version !== undefined) return found.version;
    } catch {
      // Continues one level higher.
    }
  }
  return '0.0.0';
}
