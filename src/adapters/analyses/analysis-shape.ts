import type { Analysis } from '../../migrate/contract/model.ts';
import { lockModes } from '../../sql/locks/lock.ts';
import { either, isCount, isFlag, isText, list, oneOf, record, type FormCheck } from './shape.ts';

/** Has a value out of JSON the form of an analysis, and do its segments hold each statement once? */
export function isAnalysis(value: unknown): value is Analysis {
  return analysis(value) && isCovered(value as Analysis);
}

const isTextOrNull = either(isText, oneOf(null));
const isTrue = oneOf(true);
const place = record({ file: isText }, { line: isCount, column: isCount });
const span = record({ start: isCount, end: isCount });
const name = record({ schema: isTextOrNull, name: isText });

const outside = either(
  record({ kind: oneOf('create-index'), index: isText, table: name, ifNotExists: isFlag }),
  record({ kind: oneOf('drop-index'), index: name }),
  record({ kind: oneOf('reindex'), scope: oneOf('index', 'table'), relation: name }),
  record({ kind: oneOf('reindex'), scope: oneOf('schema'), schema: isText }),
  record({ kind: oneOf('reindex'), scope: oneOf('database') }),
  record({ kind: oneOf('create', 'drop'), what: oneOf('database', 'tablespace', 'subscription'), name: isText }),
  record({ kind: oneOf('move-database'), name: isText, tablespace: isText }),
  record({ kind: oneOf('detach'), table: name, partition: name }),
  record({ kind: oneOf('end-prepared'), gid: isText }),
  record({ kind: oneOf('repeatable') }),
);

const statement = record(
  {
    start: isCount,
    head: isCount,
    end: isCount,
    line: isCount,
    column: isCount,
    count: isCount,
    tag: isText,
    kind: oneOf('sql', 'copy-in'),
    transactional: isFlag,
    opaque: isFlag,
    hash: isText,
  },
  {
    data: span,
    destroys: isText,
    outside,
    lock: oneOf('strong', 'patient'),
    locks: list(record({ mode: oneOf(...lockModes), on: isText })),
    backTo: isCount,
    leaves: list(oneOf('settings', 'locks', 'channels')),
  },
);

const segment = record(
  { kind: oneOf('transaction', 'standalone'), first: isCount, last: isCount },
  { modes: record({}, { isolation: oneOf('REPEATABLE READ', 'SERIALIZABLE'), readOnly: isTrue }) },
);

const directives = record(
  {
    frozen: isFlag,
    allow: list(record({ rule: isText, reason: isText, where: place })),
    expect: list(record({ query: isText, expected: isText, where: place })),
  },
  {
    transaction: oneOf('none'),
    lockTimeout: isText,
    statementTimeout: isText,
    verifyInside: place,
    replaces: record(
      { ranges: list(record({ from: isText, to: isText })), where: place, offset: isCount },
      { count: isCount },
    ),
  },
);

const look = record(
  {
    statement: isCount,
    what: isText,
    kinds: isText,
    schema: isTextOrNull,
    name: isText,
    columns: list(record({ name: isText }, { type: isText })),
  },
  { on: isText, found: isTrue },
);

const table = record({ schema: isTextOrNull, name: isText }, { path: list(isText) });
const ofStatement = { statement: isCount, table };
const rowChange = either(
  record(
    {
      op: oneOf('lose'),
      how: oneOf('drop-table', 'truncate', 'delete', 'delete-some', 'drop-column', 'drop-schema'),
      ...ofStatement,
    },
    { column: isText, cascade: isTrue, only: isTrue },
  ),
  record({ op: oneOf('insert'), rows: isCount, ...ofStatement }),
  record({ op: oneOf('make'), ...ofStatement }, { column: isText }),
  record({ op: oneOf('rename'), to: record({}, { schema: isText, name: isText }), ...ofStatement }, { column: isText }),
  record({ op: oneOf('retype'), column: isText, ...ofStatement }),
  record({ op: oneOf('unseen'), statement: isCount, why: oneOf('opaque', 'cascade') }),
);

const relation = record({ schema: isTextOrNull, name: isText, path: either(list(isText), oneOf(null)) });
const seedStep = either(
  record({
    op: oneOf('insert'),
    table: relation,
    columns: list(isText),
    rows: list(list(either(span, oneOf(null)))),
    line: isCount,
    keeps: isFlag,
  }),
  record({
    op: oneOf('rename'),
    table: relation,
    to: either(record({}, { schema: isText, name: isText }), record({ column: isText, name: isText })),
  }),
);

const finding = record(
  { code: isText, severity: oneOf('warning', 'note'), title: isText, why: isText, fix: isText },
  { where: place },
);

const analysis: FormCheck = record({
  size: isCount,
  bom: oneOf(0, 3),
  statements: list(statement),
  segments: list(segment),
  absorbed: isCount,
  directives,
  looks: list(look),
  rows: list(rowChange),
  seeds: list(seedStep),
  findings: list(finding),
});

function isCovered({ segments, statements }: Analysis): boolean {
  let next = 0;
  for (const { first, last } of segments) {
    if (first !== next || last < first) return false;
    next = last + 1;
  }
  return next === statements.length;
}
