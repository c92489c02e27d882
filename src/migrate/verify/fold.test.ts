import { expect, test } from 'vitest';
import type { Effect, Facts, ObjectKind } from './fact.ts';
import { fold } from './fold.ts';

const where = { file: 'm.sql', line: 1, column: 1 };

function object(
  kind: ObjectKind,
  name: string,
  table?: string,
): { kind: ObjectKind; schema: null; name: string; table?: string } {
  return { kind, schema: null, name, ...(table === undefined ? {} : { table }) };
}

function create(kind: ObjectKind, name: string, facts: Facts = {}, table?: string): Effect {
  return { op: 'create', object: object(kind, name, table), facts, ifNotExists: false, where };
}

function alter(kind: ObjectKind, name: string, facts: Facts, table?: string): Effect {
  return { op: 'alter', object: object(kind, name, table), facts, where };
}

function drop(kind: ObjectKind, name: string, table?: string, cascade = false): Effect {
  return { op: 'drop', object: object(kind, name, table), cascade, where };
}

function rename(kind: ObjectKind, name: string, to: { name?: string; schema?: string }, table?: string): Effect {
  return { op: 'rename', object: object(kind, name, table), to, where };
}

function folded(...effects: readonly Effect[]): {
  objects: Record<string, Facts>;
  gone: readonly string[];
  rows: readonly string[];
} {
  const result = fold([{ id: '1', effects }], 'public');
  return {
    objects: Object.fromEntries([...result.objects].map(([key, { facts }]) => [key, facts])),
    gone: [...result.gone.keys()],
    rows: result.rows.map(({ table, loose }) => `${table.schema}.${table.name}${loose ? ' loose' : ''}`),
  };
}

const users = [
  create('table', 'users'),
  create('column', 'email', { type: 'text', 'not null': 'yes' }, 'users'),
  create('index', 'users_email', { table: 'users', keys: 'email', method: 'btree' }),
];

test('a dropped table takes its columns and indexes along, and must be gone', () => {
  expect(folded(...users, drop('table', 'users'))).toEqual({ objects: {}, gone: ['table|public||users'], rows: [] });
});

test('what is made again after it was dropped need not be gone', () => {
  const { objects, gone } = folded(create('view', 'v'), drop('view', 'v'), create('view', 'v'));
  expect([Object.keys(objects), gone]).toEqual([['view|public||v'], []]);
});

test('a later statement overrides an earlier one', () => {
  const { objects } = folded(...users, alter('column', 'email', { 'not null': 'no', type: 'citext' }, 'users'));
  expect(objects['column|public|users|email']).toEqual({ type: 'citext', 'not null': 'no' });
});

test('a dropped column takes the indexes and constraints that use it along', () => {
  const { objects } = folded(
    ...users,
    create('constraint', 'c', { type: 'unique', columns: 'id,email' }, 'users'),
    drop('column', 'email', 'users'),
  );
  expect(Object.keys(objects)).toEqual(['table|public||users']);
});

test('renaming a table or a column is followed by everything that names it', () => {
  const reference = create(
    'constraint',
    'fk',
    { type: 'foreign key', columns: 'user_id', references: 'users' },
    'posts',
  );
  const { objects } = folded(
    ...users,
    create('table', 'posts'),
    reference,
    rename('table', 'users', { name: 'people' }),
    rename('column', 'email', { name: 'mail' }, 'people'),
  );
  expect(objects).toMatchObject({
    'table|public||people': {},
    'column|public|people|mail': { type: 'text' },
    'index|public||users_email': { table: 'public.people', keys: 'mail' },
    'constraint|public|posts|fk': { references: 'people' },
  });
});

test('moving a table to another schema moves its parts and indexes', () => {
  const { objects } = folded(...users, rename('table', 'users', { schema: 'app' }));
  expect(Object.keys(objects)).toEqual(['table|app||users', 'column|app|users|email', 'index|app||users_email']);
});

test('two unnamed checks of one table are two', () => {
  const one = create('constraint', '', { type: 'check', columns: '' }, 'users');
  expect(Object.keys(folded(one, one).objects)).toHaveLength(2);
});

test('enum labels are added in their places and renamed', () => {
  const { objects } = folded(
    create('type', 'mood', { kind: 'enum', labels: '["sad","happy"]' }),
    alter('type', 'mood', { 'add label': 'ok', before: 'happy' }),
    alter('type', 'mood', { 'rename label': '["sad","blue"]' }),
  );
  expect(objects['type|public||mood']).toEqual({ kind: 'enum', labels: '["blue","ok","happy"]' });
});

test('IF NOT EXISTS over something that an earlier migration made changes nothing', () => {
  const { objects } = folded(create('table', 't', { kind: 'table' }), {
    op: 'create',
    object: object('table', 't'),
    facts: { kind: 'partitioned' },
    ifNotExists: true,
    where,
  });
  expect(objects['table|public||t']).toEqual({ kind: 'table' });
});

test('seed rows of a table that was emptied are not looked for, those of an updated one only by key', () => {
  const insert: Effect = {
    op: 'insert',
    table: { schema: null, name: 'users' },
    columns: ['id'],
    rows: [],
    count: 1,
    conflict: 'none',
    frozen: false,
    where,
  };
  const changed = (how: 'update' | 'delete'): Effect => ({
    op: 'rows-changed',
    table: { schema: null, name: 'users' },
    how,
    where,
  });
  expect(folded(insert, changed('delete')).rows).toEqual([]);
  expect(folded(insert, changed('update')).rows).toEqual(['public.users loose']);
  expect(folded(insert, rename('table', 'users', { name: 'people' })).rows).toEqual(['public.people']);
});

test('CASCADE makes what may hang on it loose, and drops foreign keys to it', () => {
  const result = fold(
    [
      {
        id: '1',
        effects: [
          ...users,
          create('view', 'v'),
          create('constraint', 'fk', { type: 'foreign key', references: 'users' }, 'posts'),
          drop('table', 'users', undefined, true),
        ],
      },
    ],
    'public',
  );
  expect([...result.objects].map(([key, { loose }]) => [key, loose])).toEqual([['view|public||v', true]]);
});

test('an unnamed constraint or index is found by the name that the server has given it', () => {
  const unnamed = [
    create('constraint', '', { type: 'unique', columns: 'a,b', auto: 'users_a_b_key' }, 'users'),
    create('constraint', '', { type: 'check', columns: '', auto: 'users_age_check' }, 'users'),
    create('index', '', { table: 'users', keys: 'email', method: 'btree', auto: 'users_email_idx' }),
  ];
  expect(
    folded(
      ...unnamed,
      drop('constraint', 'users_a_b_key', 'users'),
      drop('constraint', 'users_age_check', 'users'),
      drop('index', 'users_email_idx'),
    ).objects,
  ).toEqual({});
  const { objects } = folded(...unnamed.slice(0, 1), rename('constraint', 'users_a_b_key', { name: 'once' }, 'users'));
  expect(Object.keys(objects)).toEqual(['constraint|public|users|once']);
});

test('a second CREATE TABLE IF NOT EXISTS makes neither its columns nor its constraints', () => {
  const part = (kind: ObjectKind, name: string, at: typeof where): Effect => ({
    op: 'create',
    object: kind === 'table' ? object(kind, name) : object(kind, name, 'users'),
    facts: {},
    ifNotExists: true,
    where: at,
  });
  const second = { ...where, line: 9 };
  const { objects } = folded(
    part('table', 'users', where),
    part('column', 'a', where),
    part('table', 'users', second),
    part('column', 'b', second),
  );
  expect(Object.keys(objects)).toEqual(['table|public||users', 'column|public|users|a']);
});

test('a function is dropped without its argument types', () => {
  expect(folded(create('function', 'f(integer,text)'), drop('function', 'f')).objects).toEqual({});
});

test('a renamed enum label is renamed in defaults', () => {
  const { objects } = folded(
    create('type', 'mood', { labels: '["sad"]' }),
    create('column', 'm', { type: 'mood', 'default text': 'sad' }, 'users'),
    alter('type', 'mood', { 'rename label': '["sad","blue"]' }),
  );
  expect(objects['column|public|users|m']).toEqual({ type: 'mood', 'default text': 'blue' });
});
