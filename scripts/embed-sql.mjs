// Embeds sql/history/*.sql into src/migrate/history/schema.generated.ts: `.sql` files are the source, a test compares.
import { readFileSync, readdirSync, writeFileSync } from 'node:fs';

const folder = 'sql/history';
const target = 'src/migrate/history/schema.generated.ts';

export function render() {
  const versions = readdirSync(folder)
    .filter((name) => name.endsWith('.sql'))
    .sort()
    .map((name) => JSON.stringify(readFileSync(`${folder}/${name}`, 'utf8')));
  return `// Made by scripts/embed-sql.mjs from ${folder}; do not edit.\n\n/** The steps that bring schema godwit to its present version, oldest first. */\nexport const historySchema: readonly string[] = [\n${versions.map((text) => `  ${text},\n`).join('')}];\n`;
}

if (process.argv[1]?.endsWith('embed-sql.mjs')) writeFileSync(target, render());
