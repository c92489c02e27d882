import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

/** Path of the one-file runner: next to the one-file CLI, above the library, or in the build of the repository. */
export function runnerFile(): string {
  const places = ['./runner.cjs', '../../runner.cjs', '../runner.cjs', '../../dist/runner.cjs'].map((place) =>
    fileURLToPath(new URL(place, import.meta.url)),
  );
  return places.find(existsSync) ?? places[0] ?? '';
}
