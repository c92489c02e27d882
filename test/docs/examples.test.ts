import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { expect, test } from 'vitest';
import { createTestDatabase } from '../support/database.ts';
import { createProject } from '../support/project.ts';
import { fencesOf, root } from './fences.ts';

const migrations = {
  'migrations/0001_notes.sql': 'create table notes (id bigint primary key);',
  'migrations/0002_users.sql': 'create table users (id bigint primary key);',
};

/** The examples of the exported functions: code, and comments such as `// applied.length: 0, pending: ['1', '2']`. */
function examplesOf(source: string): readonly string[] {
  const comments = readFileSync(join(root, source), 'utf8').matchAll(/@example\n((?: \* .*\n)+)/g);
  return [...comments].map(([, lines = '']) => lines.replaceAll(/^ \* ?/gm, '').trim());
}

/** The code with its comments turned into assertions, which are not compiled strictly: a comment is for people. */
function asserting(code: string): string {
  return code.replaceAll(/^\/\/ (.*)$/gm, (_, told: string) =>
    told
      .split(/, (?=[\w.()=>[\]? ]+: )/)
      .map((one) => {
        const colon = one.lastIndexOf(': ');
        return `// @ts-ignore\nsame(${one.slice(0, colon)}, ${one.slice(colon + 2)}, ${JSON.stringify(one)});`;
      })
      .join('\n'),
  );
}

const same = `function same(actual: unknown, wanted: unknown, told: string): void {
  if (JSON.stringify(actual) !== JSON.stringify(wanted)) throw new Error(\`\${told}, but it is \${JSON.stringify(actual)}\`);
}`;

/** Compiles this code with the library’s types, then runs it as a module of its own. Throws when either fails. */
async function compileAndRun(code: string): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), 'godwit-examples-'));
  const file = join(folder, 'example.ts');
  writeFileSync(file, `${code}\n${same}\nexport {};\n`);
  const options = {
    noUnusedLocals: false,
    allowImportingTsExtensions: true,
    rewriteRelativeImportExtensions: false,
    typeRoots: [join(root, 'node_modules/@types')],
  };
  const settings = { extends: join(root, 'tsconfig.json'), compilerOptions: options, include: [file] };
  writeFileSync(join(folder, 'tsconfig.json'), JSON.stringify(settings));
  writeFileSync(join(folder, 'package.json'), '{ "type": "module" }');
  try {
    const compiler = join(root, 'node_modules/typescript/bin/tsc');
    const compiled = spawnSync(process.execPath, [compiler, '-p', folder], { encoding: 'utf8' });
    // Other files than the example are judged by the project's own check.
    const wrong = compiled.stdout.split('\n').filter((line) => line.includes('example.ts'));
    expect(wrong).toEqual([]);
    await import(pathToFileURL(file).href);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

const library = join(root, 'src/index.ts');

/** The code with a database of this test: a user has an embedded one, or names it in `env`. */
function onDatabase(code: string, url: string): string {
  const wired = code.replaceAll(', env: process.env', '').replaceAll(/\bcwd: ([^,}]*[^,} ])/g, 'cwd: $1, env');
  expect([...wired.matchAll(/\bcwd: [^,}]+, env\b/g)]).toHaveLength([...wired.matchAll(/\bcwd: /g)].length);
  return `const env = { DATABASE_URL: ${JSON.stringify(url)} };\n${wired}`;
}

test('the examples of the library compile, and tell the truth when they are run one after another', async () => {
  await using database = await createTestDatabase();
  using project = createProject({ ...migrations, 'migrations/0002_users.down.sql': 'drop table users;' });
  const examples = ['look', 'change', 'exec', 'explain', 'runs', 'fleet'].flatMap((name) =>
    examplesOf(`src/library/${name}.ts`),
  );
  expect(examples).toHaveLength(10);
  // They tell of one project: what is looked at has not been applied yet, and at last it is verified.
  const [status = '', plan = '', verify = '', deploy = '', down = '', adopt = '', ...others] = examples;
  const story = [status, plan, deploy, verify, adopt, down, ...others];
  const names = 'adopt, deploy, deployAll, down, exec, explain, plan, runs, status, verify';
  const code = story.map((example) => `{\n${asserting(example)}\n}`).join('\n');
  const folder = `const projectFolder = ${JSON.stringify(project.folder)};`;
  await compileAndRun(
    `import { ${names} } from ${JSON.stringify(library)};\n${folder}\n${onDatabase(code, database.url)}`,
  );
}, 180_000);

test.each(['README.md', 'docs/library.md'])(
  'the library code of %s compiles and runs',
  async (page) => {
    await using database = await createTestDatabase();
    using project = createProject(migrations);
    const code = fencesOf(page)
      .filter(({ language }) => language === 'ts')
      .map(({ text }) => text)
      .join('\n');
    expect(code).toContain("from 'godwit'");
    const own = code.replaceAll("'godwit'", JSON.stringify(library)).replaceAll('/path/to/project', project.folder);
    await compileAndRun(`${onDatabase(own, database.url)}\nsame(applied, ['1', '2'], 'applied');`);
  },
  180_000,
);
