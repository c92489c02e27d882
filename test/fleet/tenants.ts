import { createTestDatabase, type TestDatabase } from '../support/database.ts';
import { createProject, type TestProject } from '../support/project.ts';

/** Several databases of one server, and a project whose environment is the first of them. */
export interface Tenants extends AsyncDisposable {
  readonly project: TestProject;
  /** The environment's own database. */
  readonly home: TestDatabase;
  readonly all: readonly TestDatabase[];
  /** Writes the names into `tenants.txt`, with further lines behind them. */
  list(...more: readonly string[]): void;
}

/** Two migrations, of which the second fails where `account` has a name twice. */
export const folder = {
  'migrations/1_account.sql': 'create table if not exists account (name text)',
  'migrations/2_unique.sql': 'create unique index account_name on account (name);\n',
};

/** Makes the databases, and lists them in `tenants.txt`. */
export async function createTenants(
  count: number,
  files: Readonly<Record<string, string>> = folder,
  env: Readonly<Record<string, string>> = {},
): Promise<Tenants> {
  const home = await createTestDatabase();
  const all: TestDatabase[] = [];
  for (let index = 0; index < count; index += 1) all.push(await createTestDatabase());
  const project = createProject(files, home.url, env);
  const list = (...more: readonly string[]): void =>
    project.write('tenants.txt', ['# tenants', ...all.map(({ name }) => name), ...more, ''].join('\n'));
  list();
  return {
    project,
    home,
    all,
    list,
    async [Symbol.asyncDispose]() {
      project[Symbol.dispose]();
      // Roles belong to the first one, and privileges in the others to them.
      for (const one of [...all, home]) await one.drop();
    },
  };
}
