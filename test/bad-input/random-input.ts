import * as fc from 'fast-check';

const fragments = [
  'select 1;',
  'create table t (id int primary key);',
  'insert into t values (1);',
  'drop table t;',
  'begin;',
  'commit;',
  'rollback;',
  'create index concurrently i on t (id);',
  'vacuum t;',
  'do $$ begin end $$;',
  'copy t from stdin;\n1\n\\.\n',
  '\\restrict x\n',
  '\\i x\n',
  'create function f() returns int begin atomic; select 1; end;',
  'set search_path to nowhere;',
  'reset all;',
  'set role nobody;',
  '-- godwit: transaction=none\n',
  '-- godwit: frozen\n',
  '-- godwit: expect select 1 => 1\n',
  '-- godwit: expect select 1/0 => 1\n',
  '-- godwit: x\n',
  "'",
  '"',
  '$$',
  '$a$',
  '/*',
  '*/',
  '(',
  ')',
  ';',
  ',',
  ':',
  ':x',
  '\0',
  '\ufeff',
  '\u00a0',
  '\u202e',
  '\n',
  '\r\n',
  '\t',
  ' ',
  '--',
  '\\',
  '\u{1F426}',
  'alter table t add check (id > 0) not valid;',
  "comment on table t is 'x';",
  'create view v as select * from t;',
  'grant select on t to public;',
];
/** Bytes that look like SQL, or like nothing. */
const sql = fc.oneof(
  {
    weight: 6,
    arbitrary: fc.array(fc.constantFrom(...fragments), { maxLength: 8 }).map((parts) => Buffer.from(parts.join(' '))),
  },
  { weight: 2, arbitrary: fc.string({ unit: 'binary', maxLength: 60 }).map((text) => Buffer.from(text)) },
  { weight: 2, arbitrary: fc.uint8Array({ maxLength: 60 }).map((bytes) => Buffer.from(bytes)) },
);

/** Names of the tables that random statements are about. */
export const tables = ['t', 'u', '"odd ""name"""'];

const statement = fc.constantFrom(
  ...tables.flatMap((name) => [
    `create table if not exists ${name} (id int primary key, n text default 'x' check (n <> ''));`,
    `create table ${name} (id int);`,
    `insert into ${name} values (1) on conflict do nothing;`,
    `insert into ${name} (id) values (1), (2);`,
    `alter table ${name} add column if not exists extra int not null default 1;`,
    `alter table ${name} rename to v;`,
    `create or replace view w as select * from ${name};`,
    `create index concurrently if not exists i on ${name} (id);`,
    `create unique index concurrently j on ${name} (id);`,
    `comment on table ${name} is 'words';`,
    `drop table if exists ${name} cascade;`,
    `vacuum ${name};`,
    `copy ${name} from stdin;\n7\tx\n\\.\n`,
  ]),
  'select 1/0;',
  'select pg_sleep(0);',
  'do $$ begin raise exception using errcode = $x$57014$x$; end $$;',
  "do $$ begin execute 'create table made (id int)'; end $$;",
  'create temp table scratch (id int);',
  'set search_path to nowhere;',
  'reset all;',
  'discard all;',
  "alter type mood add value if not exists 'x';",
  "create type mood as enum ('a', 'b');",
  '-- godwit: transaction=none\n',
  '-- godwit: expect select 1 => 2\n',
);
/** Files that mostly come as far as the server, which refuses some, half-way or not. */
export const script = fc.oneof(
  {
    weight: 6,
    arbitrary: fc.array(statement, { minLength: 1, maxLength: 4 }).map((parts) => Buffer.from(parts.join('\n'))),
  },
  { weight: 1, arbitrary: sql },
);

const stem = fc.constantFrom(
  '1_a',
  '001_a',
  '2_b',
  '3_c',
  '4_d',
  '1_a.down',
  '2_b.down',
  '1_a.verify',
  '3_c.verify',
  '4',
  'x',
  'rollback_x',
  '2_ü',
  '9_a b',
  'V1__x',
  '.1_h',
  '-1_x',
  '10_$(id);',
);
const entry = fc.record({
  name: fc
    .tuple(stem, fc.constantFrom('.sql', '.sql', '.sql', '.sql', '.SQL', '.txt', ''))
    .map((parts) => parts.join('')),
  content: sql,
  kind: fc.constantFrom('file', 'file', 'file', 'file', 'file', 'file', 'file', 'folder', 'link', 'outside'),
});
/** A folder of files, folders and links with names of every kind. */
export const layout = fc.uniqueArray(entry, { selector: ({ name }) => name, maxLength: 8 });
/** One entry of a folder. */
export type Entry = typeof entry extends fc.Arbitrary<infer T> ? T : never;

const word = fc.oneof(
  {
    weight: 5,
    arbitrary: fc.constantFrom(
      'up',
      'plan',
      'status',
      'verify',
      'down',
      'adopt',
      'runs',
      'list',
      'show',
      'explain',
      'help',
      'url',
      'constructor',
      '__proto__',
      '1',
      '0',
      '99',
      'x',
      '',
      ' ',
      '-',
      '--',
      '\0',
      '../x',
      'migrations/1_a.sql',
    ),
  },
  {
    weight: 5,
    arbitrary: fc.constantFrom(
      '--yes',
      '--to',
      '--file',
      '--out-of-order',
      '--plan',
      '--allow-row-loss',
      '--dry-run',
      '--strict',
      '-e',
      '--env',
      '--config',
      '--no-color',
      '--baseline',
      '--wait',
      '--help',
      '--version',
      '--limit',
      '--to=',
      '--=x',
      '---',
      '-ex',
      '--env=dev',
      '--constructor',
      '--waive-checkpoint',
    ),
  },
  { weight: 1, arbitrary: fc.string({ maxLength: 12 }) },
);

const commands = ['up', 'plan', 'status', 'verify', 'down', 'adopt', 'runs', 'explain', 'help', 'new', 'runs show'];
/** Words after `godwit`, mostly beginning with a command. */
export const commandLine = fc
  .oneof(
    { weight: 3, arbitrary: fc.tuple(fc.constantFrom(...commands), fc.array(word, { maxLength: 4 })) },
    { weight: 1, arbitrary: fc.tuple(word, fc.array(word, { maxLength: 4 })) },
  )
  .map(([first, rest]) => [...(commands.includes(first) ? first.split(' ') : [first]), ...rest]);
