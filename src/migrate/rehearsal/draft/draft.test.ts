import { expect, test } from 'vitest';
import { keyOfAddress, type ObjectKind } from '../../contract/catalogue-object.ts';
import { draftOf } from './draft.ts';
import { pairsOf, type DescribedObject, type Need } from './draft-object.ts';
import { draftText } from './draft-text.ts';

/** `oid` orders objects by when they were made; `of` is the OID of what a part belongs to. */
function object(
  oid: number,
  kind: ObjectKind,
  name: string,
  { words = [], sub = 0, of = oid }: { words?: readonly string[]; sub?: number; of?: number } = {},
): DescribedObject {
  const address = { class: '1', oid: String(oid), sub: String(sub) };
  return { address, id: keyOfAddress(address), home: key(of), kind, name, words };
}

function key(oid: number, sub = 0): string {
  return keyOfAddress({ class: '1', oid: String(oid), sub: String(sub) });
}

/** The statements and comments of a draft, one an entry. */
function draft(
  before: readonly DescribedObject[],
  after: readonly DescribedObject[],
  needs: readonly Need[] = [],
): readonly string[] {
  const lines = draftOf({ objects: pairsOf(before, after), needs, owner: 'app' });
  return lines.map((line) => ('sql' in line ? line.sql : `-- ${line.gap}`));
}

const table = object(10, 'table', 'public.t', { words: ['owner: app'] });
const column = (words: readonly string[], name = 'a'): DescribedObject =>
  object(10, 'column', `public.t.${name}`, { words, sub: 1 });

test('what was created is dropped, the last first, and its parts go with it', () => {
  const view = object(11, 'view', 'public.v', { words: ['query:  SELECT 1;'] });
  expect(draft([], [table, column(['type: integer']), view])).toEqual(['DROP VIEW public.v', 'DROP TABLE public.t']);
});

test('what uses something that was created later is dropped before that', () => {
  const type = object(11, 'type', 'public.mood', { words: ["labels: 'a'"] });
  const uses = { from: key(10, 1), to: key(11), goesWith: false };
  expect(draft([table], [table, column(['type: public.mood']), type], [uses])).toEqual([
    'ALTER TABLE public.t DROP COLUMN a',
    'DROP TYPE public.mood',
  ]);
});

test('what something that stays uses is dropped once that is changed back', () => {
  const made = object(12, 'function', 'public.f()', { words: ['definition: …'] });
  const uses = { from: key(10, 1), to: key(12), goesWith: false };
  const now = column(['type: integer', 'default: public.f()']);
  expect(draft([table, column(['type: integer', 'default: 1'])], [table, now, made], [uses])).toEqual([
    'ALTER TABLE public.t ALTER COLUMN a SET DEFAULT 1',
    'DROP FUNCTION public.f()',
  ]);
});

test('tables that refer to each other are untied first', () => {
  const other = object(11, 'table', 'public.u');
  const foreignKey = (oid: number, of: number, name: string): DescribedObject =>
    object(oid, 'constraint', name, { of, words: ['definition: FOREIGN KEY (id) REFERENCES x(id)'] });
  const after = [table, other, foreignKey(12, 10, 'public.t.t_fk'), foreignKey(13, 11, 'public.u.u_fk')];
  const needs = [
    { from: key(12), to: key(11), goesWith: false },
    { from: key(13), to: key(10), goesWith: false },
  ];
  expect(draft([], after, needs)).toEqual([
    'ALTER TABLE public.t DROP CONSTRAINT t_fk',
    'DROP TABLE public.u',
    'DROP TABLE public.t',
  ]);
});

test.each<[string, readonly string[], readonly string[], readonly string[]]>([
  ['default', ['type: integer', 'default: 1'], ['type: integer'], ['SET DEFAULT 1']],
  ['default that was not there', ['type: integer'], ['type: integer', 'default: 1'], ['DROP DEFAULT']],
  ['NULL', ['type: integer'], ['type: integer', 'not null: yes'], ['DROP NOT NULL']],
  [
    'identity',
    ['type: integer', 'not null: yes'],
    ['type: integer', 'not null: yes', 'identity: always'],
    ['DROP IDENTITY'],
  ],
  ['storage', ['type: text'], ['type: text', 'storage: p'], ['SET STORAGE DEFAULT']],
])('a column gets its former %s', (_what, was, is, actions) => {
  expect(draft([table, column(was)], [table, column(is)])).toEqual(
    actions.map((action) => `ALTER TABLE public.t ALTER COLUMN a ${action}`),
  );
});

test('a column gets its former type by a cast, without the default that may not fit, and it says what may fail', () => {
  expect(
    draft([table, column(['type: integer', 'default: 1'])], [table, column(['type: text', "default: 'x'"])]),
  ).toEqual([
    'ALTER TABLE public.t ALTER COLUMN a DROP DEFAULT',
    '-- The next statement fails if a value of public.t.a is not a valid integer; the rehearsal had no rows.',
    'ALTER TABLE public.t ALTER COLUMN a TYPE integer USING a::integer',
    'ALTER TABLE public.t ALTER COLUMN a SET DEFAULT 1',
  ]);
});

test('a view that something else goes on using is replaced, any other is made anew with its privileges', () => {
  const was = object(20, 'view', 'public.v', { words: ['query:  SELECT 1 AS a;', 'grant: SELECT to r'] });
  const is = object(20, 'view', 'public.v', { words: ['query:  SELECT 2 AS a;', 'grant: SELECT to r'] });
  const user = object(21, 'view', 'public.w', { words: ['query: …'] });
  expect(draft([was], [is])).toEqual([
    'DROP VIEW public.v',
    'CREATE VIEW public.v AS\n SELECT 1 AS a',
    'GRANT SELECT ON TABLE public.v TO "r"',
  ]);
  expect(draft([was, user], [is, user], [{ from: key(21), to: key(20), goesWith: false }])).toEqual([
    'CREATE OR REPLACE VIEW public.v AS\n SELECT 1 AS a',
  ]);
});

test('new names are taken back, and what only reads otherwise because of them is left alone', () => {
  const view = (query: string): DescribedObject => object(20, 'view', 'public.v', { words: [`query: ${query}`] });
  const after = [
    object(10, 'table', 'public.u', { words: ['owner: app'] }),
    object(10, 'column', 'public.u.b', { words: ['type: integer'], sub: 1 }),
    view('SELECT b AS a FROM public.u;'),
  ];
  expect(draft([table, column(['type: integer']), view('SELECT a FROM public.t;')], after)).toEqual([
    'ALTER TABLE public.u RENAME TO t',
    'ALTER TABLE public.t RENAME COLUMN b TO a',
  ]);
});

test('a dropped table comes back with its parts, keys before what refers to them, and its rows are told as lost', () => {
  const before = [
    table,
    column(['type: integer', 'not null: yes']),
    object(11, 'index', 'public.t_pkey', { of: 10, words: ['definition: CREATE UNIQUE INDEX …'] }),
    object(12, 'constraint', 'public.t.t_pkey', { of: 10, words: ['definition: PRIMARY KEY (a)'] }),
    object(9, 'constraint', 'public.t.t_fk', { of: 10, words: ['definition: FOREIGN KEY (a) REFERENCES public.t(a)'] }),
  ];
  expect(draft(before, [])).toEqual([
    '-- The rows of public.t are lost: the statement below restores the table without them.',
    'CREATE TABLE public.t (\n  a integer NOT NULL\n)',
    'ALTER TABLE public.t ADD CONSTRAINT t_pkey PRIMARY KEY (a)',
    'ALTER TABLE public.t ADD CONSTRAINT t_fk FOREIGN KEY (a) REFERENCES public.t(a)',
  ]);
});

test('labels of an enum are renamed back; one that was added is told', () => {
  const type = (labels: string): DescribedObject => object(10, 'type', 'public.mood', { words: [`labels: ${labels}`] });
  expect(draft([type("'a', 'b'")], [type("'a', 'c'")])).toEqual([`ALTER TYPE public.mood RENAME VALUE 'c' TO 'b'`]);
  expect(draft([type("'a'")], [type("'a', 'it''s'")])).toEqual([
    `-- type public.mood keeps the label 'it''s': PostgreSQL cannot remove labels from an enum.`,
  ]);
});

test('privileges are taken back before an owner changes, who takes over what was granted to them', () => {
  const is = object(10, 'table', 'public.t', { words: ['owner: other', 'grant: SELECT to public', 'comment: x'] });
  expect(draft([table], [is])).toEqual([
    'REVOKE SELECT ON TABLE public.t FROM PUBLIC',
    'ALTER TABLE public.t OWNER TO "app"',
    'COMMENT ON TABLE public.t IS NULL',
  ]);
});

test('what was made anew just as it was is left alone', () => {
  const index = (oid: number): DescribedObject =>
    object(oid, 'index', 'public.i', { of: 10, words: ['definition: d'] });
  expect(draft([table, index(11)], [table, index(12)])).toEqual([]);
});

test('the text says which file it undoes, and every line of a comment is one', () => {
  const head = {
    version: '7',
    file: 'migrations/7_a.sql',
    rows: [{ tag: 'INSERT', line: 3, column: 1 }],
    elsewhere: [],
  };
  expect(draftText([{ sql: 'DROP TABLE a' }, { gap: 'one\ntwo' }], head)).toBe(
    `-- Undoes 7_a.sql. Drafted by \`godwit down --draft 7\`: read it before you use it.
-- INSERT in line 3 may change rows, which this draft does not undo.

DROP TABLE a;
-- one
-- two
`,
  );
  const inFolder = { ...head, file: 'prisma/migrations/7_a/migration.sql' };
  expect(draftText([], inFolder)).toMatch(/^-- Undoes 7_a\/migration\.sql\. /);
});
