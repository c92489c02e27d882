// Embeds sql/history/*.sql into src/migrate/history/schema.generated.ts: `.sql` files are the source, a test compares.
import { readFileSync, readdirSync, writeFileSync } from 'node:fs';

const folder = 'sql/history';
const target = 'src/migrate/history/schema.generated.ts';

export function render() {
  const text = (name) => JSON.stringify(readFileSync(`${folder}/${name}`, 'utf8'));
  const steps = readdirSync(folder)
    .filter((name) => /^\d+\.sql$/.test(name))
    .sort();
  const functions = [
    'audit.sql',
    'functions.sql',
    'looks.sql',
    'seeds.sql',
    'words.sql',
    'words-other.sql',
    'written.sql',
    'describe.sql',
  ];
  return `// Made by scripts/embed-sql.mjs from ${folder}; do not edit.

/** The steps that bring the tables of schema godwit to their present version, oldest first. */
export const historySchema: readonly string[] = [
${steps.map((name) => `  ${text(name)},\n`).join('')}];

/** Its functions, as the newest version has them. */
export const historyFunctions: readonly string[] = [
${functions.map((name) => `  ${text(name)},\n`).join('')}];
`;
}

if (process.argv[1]?.endsWith('embed-sql.mjs')) writeFileSync(target, render());
