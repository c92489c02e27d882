// No type name is declared twice in `src`: a search for a name finds the one thing that it means.
import { readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';

const declared = new Map();
for (const path of walk('src')) {
  for (const [, name] of readFileSync(path, 'utf8').matchAll(
    /^(?:export )?(?:declare )?(?:interface|type|class) (\w+)/gm,
  ))
    declared.set(name, [...(declared.get(name) ?? []), path]);
}
const twice = [...declared].filter(([, paths]) => paths.length > 1);
for (const [name, paths] of twice)
  console.error(`The type name ${name} is declared more than once: ${paths.join(', ')}`);
if (twice.length > 0) {
  console.error('Give each thing a name of its own, or declare it once and import it.');
  process.exit(1);
}

function* walk(folder) {
  for (const entry of readdirSync(folder, { withFileTypes: true })) {
    const path = join(folder, entry.name);
    if (entry.isDirectory()) yield* walk(path);
    else if (/(?<!\.test|\.generated)\.ts$/.test(path)) yield path;
  }
}
