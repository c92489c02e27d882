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
  'drift.sql',
];

/** The text of a file without its lines of comment, except in the bodies of functions, which the server keeps. */
function embedded(name) {
  let inBody = false;
  const lines = readFileSync(`${folder}/${name}`, 'utf8').split('\n');
  const kept = lines.filter((line) => {
    const isComment = !inBody && line.trimStart().startsWith('--');
    if (line.split('$$').length % 2 === 0) inBody = !inBody;
    return !isComment;
  });
  return kept.join('\n');
}

export function render() {
  const texts = (names) => names.map((name) => `  ${JSON.stringify(embedded(name))},\n`).join('');
  const steps = readdirSync(folder)
    .filter((name) => /^\d+\.sql$/.test(name))
    .sort();
  return `// Made by scripts/embed-sql.mjs from ${folder}; do not edit.

/** The steps that bring the tables of schema godwit to their present version, oldest first. */
export const historySchema: readonly string[] = [
${texts(steps)}];

/** The same tables at once, for a database that has none of them. */
export const historyTables: string = ${JSON.stringify(embedded('whole.sql'))};

/** Functions that describe objects; they need no table. */
export const describingFunctions: readonly string[] = [
${texts(describing)}];

/** All functions, as the newest version has them. */
export const historyFunctions: readonly string[] = [
  ...describingFunctions,
${texts(functions)}];

/** Behind steps and functions: takes what version 1 knew into the baseline. */
export const historyUpgrade: string = ${JSON.stringify(embedded('upgrade.sql'))};
`;
}

if (process.argv[1]?.endsWith('embed-sql.mjs')) writeFileSync(target, render());
