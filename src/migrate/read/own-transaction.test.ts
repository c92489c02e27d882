import { expect, test } from 'vitest';
import { refusals, taken } from '../../../test/support/analysis.ts';

test.each<readonly [string, readonly string[]]>([
  ['begin;\nselect 1;\nselect 2;\nend;\n-- done\n', ['1 2']],
  ["set lock_timeout = '1s'; start transaction; select 1; commit; reset lock_timeout;", ['0 1 0']],
  ['begin; select 1; commit; select 2; select 3; begin; select 4; commit;', ['1', '2 3', '4']],
  ['select 1; begin; select 2; commit;', ['1', '2']],
  ['begin; select 1; commit; begin; select 2; commit;', ['1', '2']],
  ['begin; select 1; commit and chain; select 2; commit;', ['1', '2']],
  ['begin; commit; begin; select 1; end; begin; commit;', ['1']],
  ['set a.b = 1; begin; select 1; commit; set a.b = 2; begin; select 2; commit;', ['0 1', '0 2']],
  ['begin; select 1; commit; vacuum; select 2;', ['1', 'barrier 0', '2']],
  ['select 1; commit;', ['1']],
  ['select 1; commit; select 2; end; commit;', ['1', '2']],
  // As for a tool that puts BEGIN before the file and COMMIT behind it.
  ['select 1; commit; select 2; begin; select 3;', ['1', '2', '3']],
  ["alter type e add value 'x'; commit; begin; select 1;", ['0', '1']],
  ['-- godwit: transaction=none\nselect 1; commit;', ['1']],
])('the parts of %j are those that the file itself says', async (sql, expected) => {
  const { statements, segments } = await taken(sql);
  const texts = statements.map(({ head, end }) => sql.slice(head, end));
  const numbers = segments.map(({ kind, first, last }) => {
    const inside = texts.slice(first, last + 1).map((text) => /^select (\d)$/.exec(text)?.[1] ?? '0');
    return `${kind === 'standalone' ? 'barrier ' : ''}${inside.join(' ')}`;
  });
  expect(numbers).toEqual(expected);
});

test.each<readonly [string, readonly unknown[]]>([
  ['set transaction isolation level serializable; select 1;', [{ isolation: 'SERIALIZABLE' }]],
  [
    'begin isolation level repeatable read read only deferrable; select 1; commit;',
    [{ isolation: 'REPEATABLE READ', readOnly: true }],
  ],
  [
    'begin; set local lock_timeout = 1; set transaction_isolation = serializable; select 1; commit; select 2;',
    [{ isolation: 'SERIALIZABLE' }, undefined],
  ],
  // As in other databases: it is meant for the transaction behind it.
  [
    'set transaction isolation level serializable; begin; select 1; commit and chain; select 2; commit;',
    [{ isolation: 'SERIALIZABLE' }, { isolation: 'SERIALIZABLE' }],
  ],
  ['start transaction isolation level read uncommitted read write not deferrable; select 1; end;', [undefined]],
  ['begin read only; set transaction read write; select 1; commit;', [undefined]],
  [
    'begin; set transaction_read_only = on; select 1; commit; begin; select 2; commit;',
    [{ readOnly: true }, undefined],
  ],
  ['set transaction read only; select 1; vacuum; select 2;', [{ readOnly: true }, undefined, undefined]],
])('%j asks its transactions to be so', async (sql, expected) => {
  const { statements, segments } = await taken(sql);
  expect(segments.map(({ modes }) => modes)).toEqual(expected);
  expect(statements.every(({ tag }) => tag !== 'SET TRANSACTION')).toBe(true);
});

test('a BEGIN inside of a transaction does nothing, as the server says: a warning, and the first COMMIT ends it (`sql-nested-begin`)', async () => {
  const { segments, findings } = await taken('begin; select 1;\nbegin; select 2; commit; select 3; commit;');
  expect(segments.map(({ first, last }) => [first, last])).toEqual([
    [0, 1],
    [2, 2],
  ]);
  expect(findings).toMatchObject([{ code: 'sql-nested-begin', severity: 'warning', where: { line: 2 } }]);
  expect(findings[0]?.why).toContain('BEGIN on line 1');
});

test('ROLLBACK TO knows its savepoint, and what it undoes destroys nothing', async () => {
  const { statements } = await taken(
    'savepoint a; drop table x; savepoint b; create table y (a int); rollback to b; rollback to a; savepoint b; release a; create table z (a int); rollback to b;',
  );
  expect(statements.map(({ backTo }) => backTo)).toEqual([...Array(4), 2, 0, ...Array(4)]);
  expect(statements.some(({ destroys }) => destroys !== undefined)).toBe(false);
});

test.each([
  'create temp table d as select 1; %; delete from t where a in (select a from d);',
  'create temp table d (a int) on commit drop; %; insert into d values (1);',
  'prepare d as select 1; %; execute d;',
  'declare d cursor for select 1; %; fetch d;',
  'select pg_advisory_lock(1); %; select 1;',
  'savepoint d; %; release d;',
  "alter type f add value 'y'; create temp table d (a int); %; table d;",
])('what lives in the session keeps %j together around an added enum value', async (sql) => {
  const { segments } = await taken(sql.replace('%', "alter type e add value 'x'"));
  expect(segments.filter(({ last, first }) => last - first >= 2)).toHaveLength(1);
  expect(segments).toHaveLength(sql.startsWith('alter') ? 2 : 1);
});

test.each([
  'create temp table d (a int); drop table d; vacuum; create table d (a int);',
  'begin; create temp table d (a int) on commit drop; commit; begin; create temp table d (a int) on commit drop; commit;',
  'prepare d as select 1; execute d; deallocate d; vacuum; prepare d as select 2;',
  'select pg_advisory_lock(1); select pg_advisory_unlock(1); vacuum;',
  'begin; savepoint d; release d; commit; begin; savepoint d; rollback to d; commit;',
])('what has ended before a border does not cross it: %j', async (sql) => {
  expect((await taken(sql)).segments.length).toBeGreaterThan(1);
});

test.each([
  ['begin;\nselect 1;', ['sql-transaction-control 1:1']],
  ['begin;\nselect 1;\nrollback;', ['sql-transaction-control 3:1']],
  ['begin;\nselect 1;\ncommit and chain;\nselect 2;', ['sql-transaction-control 3:1']],
  ['select 1;\nabort;', ['sql-transaction-control 2:1']],
  ["begin;\nselect 1;\nprepare transaction 'x';\ncommit;", ['sql-transaction-control 3:1']],
  ['select 1;\nset transaction isolation level serializable;', ['sql-transaction-control 2:1']],
  ['begin;\nselect 1;\nset transaction read only;\ncommit;', ['sql-transaction-control 3:1']],
  ["set transaction_isolation = 'nothing';", ['sql-transaction-control 1:1']],
  ["set transaction snapshot '1';", ['sql-transaction-control 1:1']],
  ['set session characteristics as transaction read only;', ['sql-transaction-control 1:1']],
  ['-- godwit: transaction=none\nset transaction read only;\nselect 1;', ['sql-transaction-control 2:1']],
  ['begin; savepoint a; commit;\nrelease a;', ['sql-crosses-border 2:1']],
  ['savepoint a; vacuum;\nrollback to a;', ['sql-crosses-border 2:1']],
  ['-- godwit: transaction=none\nsavepoint a;\nrelease a;', ['sql-crosses-border 3:1']],
])('%j is refused: `%j`', async (sql, expected) => {
  expect(await refusals(sql)).toEqual(expected);
});
