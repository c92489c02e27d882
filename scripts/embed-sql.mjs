// Embeds sql/history/*.sql into src/migrate/runner/history/schema.generated.ts: `.sql` files are the source, a test compares.
import { readFileSync, readdirSync, writeFileSync } from 'node:fs';

const folder = 'sql/history';
const target = 'src/migrate/runner/history/schema.generated.ts';
/** In the order of their creation. */
const describing = ['words.sql', 'words-other.sql'];
const functions = [
  'audit.sql',
  'prune.sql',
  'functions.sql',
  'together.sql',
  'looks.sql',
  'seeds.sql',
  'written.sql',
  'describe.sql',
];

export function render() {
  const texts = (names) =>
    names.map((name) => `  ${JSON.stringify(readFileSync(`${folder}/${name}`, 'utf8'))},\n`).join('');
  const steps = readdirSync(folder)
    .filter((name) => /^\d+\.sql$/.test(name))
    .sort();
  return `// Made by scripts/embed-sql.mjs from ${folder}; do not edit.

/** The steps that bring the tables of schema godwit to their present version, oldest first. */
export const historySchema: readonly string[] = [
${texts(steps)}];

/** Functions that describe objects; they need no table. */
export const describingFunctions: readonly string[] = [
${texts(describing)}];

/** All functions, as the newest version has them. */
export const historyFunctions: readonly string[] = [
  ...describingFunctions,
${texts(functions)}];

/** Behind steps and functions: takes what version 1 knew into the baseline. */
export const historyUpgrade: string = ${JSON.stringify(readFileSync(`${folder}/upgrade.sql`, 'utf8'))};
`;
}

if (process.argv[1]?.endsWith('embed-sql.mjs')) writeFileSync(target, render());
