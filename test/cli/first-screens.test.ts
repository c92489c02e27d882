import { afterAll, beforeAll, expect, test } from 'vitest';
import { atTerminal } from '../support/at-terminal.ts';
import { createTestDatabase, type TestDatabase } from '../support/database.ts';
import { createProject, type TestProject } from '../support/project.ts';

// What people see first, in the commonest situations: read first-screens.txt as you would read a terminal of 80 columns.

let database: TestDatabase;
let other: TestDatabase;
let third: TestDatabase;
let project: TestProject;
const screens: string[] = [];

beforeAll(async () => {
  [database, other, third] = await Promise.all([createTestDatabase(), createTestDatabase(), createTestDatabase()]);
  project = createProject({});
});

afterAll(async () => {
  project[Symbol.dispose]();
  await Promise.all([database.drop(), other.drop(), third.drop()]);
});

/** Adds the screen of one command line to those that were looked at. */
async function see(situation: string, line: string, env: Readonly<Record<string, string>> = {}): Promise<void> {
  const variables = {
    HOME: project.folder,
    GITLAB_CI: 'true',
    GITLAB_USER_LOGIN: 'ada',
    LOCAL: database.url,
    DEV: other.url,
    PROD: third.url,
  };
  const ran = await atTerminal(project, { ...variables, ...env }, line, [], 80);
  const wide = ran.shown.split('\n').filter((text) => text.length > 80 && /\S /.test(text.trim()));
  expect(wide).toEqual([]);
  screens.push(`══ ${situation} ══\n$ godwit ${line}   (${ran.exitCode})\n${steady(ran.shown).trimEnd()}\n`);
}

/** The text without what differs from run to run, as wide as before. */
function steady(text: string): string {
  return (
    text
      .replaceAll(new RegExp(`${database.name}|${other.name}|${third.name}`, 'g'), 'app')
      .replaceAll(/127\.0\.0\.1:\d{2,}/g, '127.0.0.1:5432')
      .replaceAll(/\d{4}-\d\d-\d\d \d\d:\d\d/g, '2026-05-04 09:30')
      .replaceAll(/\b01[0-9A-HJKMNP-TV-Z]{24}\b/g, '01K8Q6J8XQ4E1H5T0V7D9M2ABC')
      .replaceAll(/\b01[0-9A-HJKMNP-TV-Z]{6,23}\b/g, '01K8Q6J8XQ4E')
      .replaceAll(/(?<=01K8Q6J8XQ4E) +(?=\d{4}-)/g, '  ')
      .replaceAll(/ +[\d.]+ m?s(?= {2}\d+ statement)/g, '    12 ms')
      .replaceAll(/ +[\d.]+ m?s +(?=ada$)/gm, '  12 ms  ')
      .replaceAll(/(?<= )[\d.]+ m?s(?= ·|$)/gm, '12 ms')
      // How much is left of the names depends on how long the run took.
      .replaceAll(/1 customers .*…(?= {2}12 ms {2}ada$)/gm, '1 customers and 2 …')
      .replaceAll(/\b[0-9a-f]{12}\b/g, '673c80361f2a')
      .replaceAll(/\bpid \d+/g, 'pid 4711')
      .replaceAll(project.folder, '/home/ada/shop')
  );
}

const config = {
  environments: {
    local: { database: { env: 'LOCAL' } },
    dev: { database: { env: 'DEV' }, checkpoint: 'never' },
    prod: { database: { env: 'PROD' }, protected: true, checkpoint: 'never' },
    cloud: { engine: { kind: 'cloud-run', project: 'acme-dev', region: 'europe-west1' } },
  },
};
const longName = '0003_index_orders_by_customer_and_day_because_the_monthly_report_reads_them_so.sql';

const orders = 'create table old_orders (id int);\ncreate table orders (id int primary key, day date);\n';

test('the first screens are those that were read and found good', async () => {
  await see('help', '--help');
  await see('a word that is no command', 'stauts');
  await see('a command of another tool', 'migrate');
  await see('an option that is not there', 'up --too 3');
  await see('a folder without a project', 'check');
  await see('an address in quotes', 'status', { DATABASE_URL: '"postgresql://app@127.0.0.1/app"' });

  project.write('godwit.config.json', JSON.stringify({ ...config, migratons: 'sql' }));
  await see('a key of the configuration that is not there', 'status');
  project.write('godwit.config.json', JSON.stringify(config));
  project.write('migrations/0001_customers.sql', 'create table customers (\n  id int primary key,\n  name text,\n);\n');
  project.write('migrations/0001_orders.sql', 'create tabel orders (id int);\n');
  await see('mistakes in the files', 'check');

  project.remove('migrations/0001_orders.sql');
  project.write('migrations/0001_customers.sql', 'create table customers (id int primary key, name text);\n');
  project.write('migrations/0002_orders.sql', orders);
  project.write(`migrations/${longName}`, 'create index orders_by_day on orders (day);\ndrop table old_orders;\n');
  await see('no server behind the address', 'plan', { LOCAL: 'postgresql://app@127.0.0.1:1/app' });
  await see('what would run', 'plan');
  await see('pending migrations are applied', 'up');
  await see('nothing is pending', 'up');
  await see('all is applied', 'status');

  project.write(
    'migrations/0004_ages.sql',
    'alter table customers\n  add column age int;\ninsert into custmers values (1);\n',
  );
  await see('a statement fails: a name that is not there', 'up');
  await see('some are pending', 'status');
  await database.query("insert into customers values (1, 'Ann')");
  project.write('migrations/0004_ages.sql', 'alter table customers add column age int not null;\n');
  await see('a statement fails: rows are in the way', 'up');
  project.remove('migrations/0004_ages.sql');

  project.write('migrations/0002_orders.sql', orders.replace('int primary', 'bigint primary'));
  await see('an applied file was changed', 'up');
  project.remove('migrations/0002_orders.sql');
  await see('an applied file is gone', 'up');
  project.write('migrations/0002_orders.sql', orders);
  project.write('migrations/0001.5_late.sql', 'select 1;\n');
  await see('a file name that is not understood', 'up');
  project.remove('migrations/0001.5_late.sql');
  project.write('migrations/0005_later.sql', 'create table later (id int);\n');
  await see('the next one', 'up');
  project.write('migrations/0004_late.sql', 'create table late (id int);\n');
  await see('an older one was merged late', 'up');
  project.remove('migrations/0004_late.sql');
  await see('the last one is to be undone, without a down file', 'down');

  await database.query('drop index orders_by_day');
  await see('somebody changed the database by hand', 'verify');
  await see('what ran', 'runs list -e local');
  await see('a run that is not there', 'runs show 01ZZZ');

  await see('a new environment', 'up -e dev');
  await other.query("insert into customers values (1, 'Ann'), (2, 'Bob')");
  project.write('migrations/0007_drop.sql', 'drop table customers;\n');
  await see('rows would be destroyed', 'up -e dev --yes');
  await see('a protected environment, and nobody to ask', 'up -e prod --yes');
  await see('Cloud Run without credentials', 'status -e cloud', { METADATA_SERVER_DETECTION: 'none' });
  await see('a code is explained', 'explain out-of-order');
  await expect(screens.join('\n')).toMatchFileSnapshot('first-screens.txt');
});
