import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import * as fc from 'fast-check';
import { afterAll, expect, test } from 'vitest';
import { randomScripts } from '../../../test/support/random-scripts.ts';
import type { Outcome } from '../../kit/outcome.ts';
import type { Analysis, Migration, ScriptFile } from '../../migrate/contract/model.ts';
import type { ByteSource, SqlParser } from '../../migrate/contract/ports.ts';
import { analyse } from '../../migrate/read/analyse.ts';
import { analysisInputs } from '../../migrate/read/analysis-inputs.ts';
import { createBundle } from '../../migrate/read/bundle.ts';
import { checksumOf } from '../../migrate/read/checksum.ts';
import { encodeUtf8 } from '../../sql/encoding.ts';
import { memorySource } from '../files/byte-source.ts';
import { nodeHashing } from '../files/hashing.ts';
import { createParser } from '../parser/libpg-query.ts';
import { openKeptAnalyses } from './kept-analyses.ts';

const cache = mkdtempSync(join(tmpdir(), 'godwit-analyses-'));
afterAll(() => rmSync(cache, { recursive: true, force: true }));

const parser = createParser();
const ports = { parser, hashing: nodeHashing };

/** A parser that must not be needed. */
const noParser: SqlParser = {
  load: () => Promise.reject(new Error('the parser is loaded')),
  parse: () => {
    throw new Error('the parser is used');
  },
};

/** Each kind of script, and everything that an analysis may hold. */
const scripts: readonly (readonly [what: string, text: string, more?: Partial<ScriptFile>])[] = [
  ['nothing', ''],
  ['comments alone', '-- nothing\n/* here */\n'],
  [
    'a table, an index, rows',
    "create table app.t (id int primary key, n text);\ncreate index on t (n);\ninsert into t values (1, 'x'), (2, null);",
  ],
  ['line ends of Windows', 'create table a (id int);\r\ncreate table b (id int);\r\n'],
  ['a byte order mark', '\ufeffcreate table a (id int);'],
  [
    'statements on their own',
    '-- godwit: transaction=none\ncreate index concurrently i on t (a);\nvacuum t;\nreindex table concurrently t;',
  ],
  ['a tool that runs it on its own', 'update t set a = 1;\nalter table t add b int;', { transaction: 'none' }],
  [
    'statements outside transactions',
    "alter system set work_mem = '1MB';\ncreate database d;\ndrop index concurrently if exists s.i;\nalter table t detach partition p concurrently;\ncreate tablespace s location '/x';\nalter database d set tablespace s;\nreindex schema concurrently s;",
  ],
  [
    'parts',
    'begin isolation level serializable read only;\nselect 1;\ncommit;\nbegin;\ninsert into t values (1);\ncommit;\nvacuum;',
  ],
  ['savepoints', 'savepoint a;\ndrop table t;\nrollback to a;\nrelease a;\ndelete from u;'],
  [
    'directives',
    '-- godwit: lock-timeout=5s statement-timeout=10min frozen\n-- godwit: allow=drop-column reason="gone"\n-- godwit: expect select 1 => 1\n-- godwit: verify=inside\nalter table t drop column a;',
  ],
  ['a squashed migration', '-- godwit: replaces 1..50, 52 count=51\ncreate table t (id int);'],
  ['rows in the file', 'copy t (a, b) from stdin;\n1\tx\n2\ty\n\\.\nselect 1;'],
  ['many rows', Array.from({ length: 60 }, (_, index) => `insert into t (id) values (${index});`).join('\n')],
  [
    'what psql writes',
    '\\restrict x\nset search_path = app, public;\ncreate table if not exists t (a int, b app.u, c text[]);\n\\unrestrict x',
  ],
  [
    'looks',
    'create table if not exists t (id int);\nalter table t add column if not exists b numeric(3, 1);\ncreate index if not exists i on t (b);\ncreate materialized view if not exists m as select 1;',
  ],
  [
    'losses',
    'drop table a, b.c cascade;\ntruncate only d cascade;\ndelete from only e where true;\nalter table f drop column g, alter h type int;\ndrop schema i cascade;\nalter table j rename k to l;\nalter table m set schema n;\ndo $$ begin end $$;',
  ],
  [
    'locks and what is left in the session',
    "alter table a add constraint c foreign key (x) references b (y);\nselect pg_advisory_lock(1);\nset work_mem = '1MB';\nlisten x;",
  ],
  [
    'a section',
    'create table t (id int);\n-- godwit: expect select 1 => 1',
    { section: { start: 20, end: 80, line: 7 } },
  ],
  [
    'a warning',
    "set client_encoding = 'UTF8';\ncreate temp table t (id int) on commit drop;\nalter type mood add value 'x';\nselect 1;",
  ],
  ['a mistake', 'create tabel t (id int);'],
  ['a NUL byte', 'select 1;\0'],
];

async function scriptOf(bytes: Uint8Array, more: Partial<ScriptFile> = {}): Promise<ScriptFile> {
  const checksum = await checksumOf(memorySource(bytes), nodeHashing);
  return { file: 'migrations/1_x.sql', checksum, size: bytes.length, ...more };
}

let code = 0;

/** Analyses the script in one process, as it were, and finds it in another. */
async function keptOf(bytes: Uint8Array, script: ScriptFile): Promise<Outcome<Analysis>> {
  const name = `c0de${(code += 1)}`;
  const migration: Migration = { id: '1', name: 'x', up: script };
  const options = {
    layout: 'native',
    migrations: [migration],
    open: () => Promise.resolve(memorySource(bytes)),
  } as const;
  const store = openKeptAnalyses({ GODWIT_CACHE: cache }, name);
  const made = await createBundle(options, { ...ports, kept: store }).analysis(migration, 'up');
  store?.save();
  const kept = openKeptAnalyses({ GODWIT_CACHE: cache }, name);
  // Failures are not kept.
  const later = { hashing: nodeHashing, kept, parser: made.ok ? noParser : parser };
  return await createBundle(options, later).analysis(migration, 'up');
}

const titled = scripts.map(([what, text, more]) => ({ what, text, more }));

test.each(titled)('the kept analysis is the one that is made again: $what', async ({ text, more }) => {
  const bytes = encodeUtf8(text);
  const script = await scriptOf(bytes, more);
  expect(await keptOf(bytes, script)).toStrictEqual(await analyse(script, memorySource(bytes), ports));
});

test('of these scripts all but the mistaken ones are kept', async () => {
  const failing: string[] = [];
  for (const [what, text, more] of scripts) {
    const bytes = encodeUtf8(text);
    if (!(await analyse(await scriptOf(bytes, more), memorySource(bytes), ports)).ok) failing.push(what);
  }
  expect(failing).toEqual(['a mistake', 'a NUL byte']);
});

test('the kept analysis is the one that is made again, whatever a file holds', async () => {
  const places = fc.record(
    {
      transaction: fc.constant('none' as const),
      section: fc.record({ start: fc.constant(0), end: fc.constant(9), line: fc.integer({ min: 1, max: 99 }) }),
    },
    { requiredKeys: [] },
  );
  await fc.assert(
    fc.asyncProperty(randomScripts, places, async (bytes, more) => {
      const script = await scriptOf(bytes, more);
      expect(await keptOf(bytes, script)).toStrictEqual(await analyse(script, memorySource(bytes), ports));
    }),
    { numRuns: 400, interruptAfterTimeLimit: 4000, markInterruptAsFailure: false },
  );
});

/** Everything that an analysis reads of its script. */
async function readOf(bytes: Uint8Array, script: ScriptFile): Promise<ReadonlySet<string>> {
  const read = new Set<string>();
  const watched = <Value extends object>(value: Value, path: string): Value =>
    new Proxy(value, {
      get(target, key) {
        const name = `${path}${String(key)}`;
        read.add(name);
        const member: unknown = Reflect.get(target, key);
        return typeof member === 'object' && member !== null ? watched(member, `${name}.`) : member;
      },
      ownKeys() {
        read.add(`${path}*`);
        return Reflect.ownKeys(value);
      },
    });
  const source = memorySource(bytes);
  const file: ByteSource = { size: source.size, read: async (start, end) => await source.read(start, end) };
  await analyse(watched(script, ''), file, ports);
  return read;
}

test('an analysis depends on nothing of its script but what its key is made of', async () => {
  const keyed = new Set(['file', 'checksum', 'section', 'section.line', 'transaction']);
  for (const [, text, more] of scripts) {
    const bytes = encodeUtf8(text);
    const read = await readOf(bytes, await scriptOf(bytes, { section: { start: 5, end: 9, line: 2 }, ...more }));
    expect([...read].filter((name) => !keyed.has(name))).toEqual([]);
  }
});

test('whatever an analysis depends on changes its key', async () => {
  const text = 'create table a (id int);\ncreate table b (id int);\n';
  const base = await scriptOf(encodeUtf8(text));
  const keyOf = async (bytes: string, more: Partial<ScriptFile> = {}) =>
    await analysisInputs({ ...base, ...more }, memorySource(encodeUtf8(bytes)), nodeHashing);
  const keys = [
    await keyOf(text),
    // The checksum is the same for all of these, but spans count bytes.
    await keyOf(text.replace(/\n$/, '\r\n')),
    await keyOf(text.replace('\n', '\r\n')),
    await keyOf(`\ufeff${text}`),
    await keyOf(text, { file: 'migrations/2_x.sql' }),
    await keyOf(text, { transaction: 'none' }),
    await keyOf(text, { section: { start: 0, end: 50, line: 2 } }),
  ];
  expect(keys).not.toContain(undefined);
  expect(new Set(keys).size).toBe(keys.length);
  expect(await keyOf(text, { size: 1, section: { start: 9, end: 99, line: 1 } })).toBe(keys[0]);
  expect(await keyOf(`${text} `)).toBe(undefined);
});

test('a file that was saved after it was hashed is refused, even if an analysis of both texts is kept', async () => {
  const [before, after] = ['select 1;', 'select 2;'].map((text) => encodeUtf8(text));
  const store = openKeptAnalyses({ GODWIT_CACHE: cache }, 'moved');
  for (const bytes of [before, after]) {
    const script = await scriptOf(bytes ?? new Uint8Array());
    const inputs = await analysisInputs(script, memorySource(bytes ?? new Uint8Array()), nodeHashing);
    const made = await analyse(script, memorySource(bytes ?? new Uint8Array()), ports);
    if (inputs !== undefined && made.ok) store?.keep(inputs, made.value);
  }
  store?.save();
  const migration: Migration = { id: '1', name: 'x', up: await scriptOf(before ?? new Uint8Array()) };
  const open = () => Promise.resolve(memorySource(after ?? new Uint8Array()));
  const kept = openKeptAnalyses({ GODWIT_CACHE: cache }, 'moved');
  const bundle = createBundle({ layout: 'native', migrations: [migration], open }, { ...ports, kept });
  const result = await bundle.analysis(migration, 'up');
  expect(result.ok ? [] : result.findings.map(({ code: fault }) => fault)).toEqual(['file-moved-on']);
});
