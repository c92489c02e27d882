import type { Place } from '../../kit/finding.ts';
import type { Facts } from './fact.ts';
import { isPartOf, keyOf, type Expected, type FoldState, type Resolved } from './expected.ts';

/** Renames an object, or moves it to another schema, along with whatever carries its name. */
export function applyRename(
  state: FoldState,
  object: Resolved,
  to: { readonly schema?: string; readonly name?: string },
  at: { readonly where: Place; readonly migration: string },
): void {
  const renamed: Resolved = { ...object, schema: to.schema ?? object.schema, name: to.name ?? object.name };
  const objects = new Map<string, Expected>();
  let known = false;
  for (const expected of state.objects.values()) {
    const same = sameObject(expected.object, object);
    known ||= same;
    const next = same
      ? { ...expected, object: { ...renamed, kind: expected.object.kind }, ...at }
      : follow(expected, object, renamed);
    let key = keyOf(next.object, next.facts);
    while (objects.has(key)) key = `${key}#`;
    objects.set(key, next);
  }
  if (!known) objects.set(keyOf(renamed), { object: renamed, facts: {}, loose: false, made: false, ...at });
  state.objects = objects;
  if (object.kind === 'table')
    state.rows = state.rows.map((rows) =>
      rows.table.schema === object.schema && rows.table.name === object.name
        ? { ...rows, table: { schema: renamed.schema, name: renamed.name } }
        : rows,
    );
  if (object.kind === 'schema')
    state.rows = state.rows.map((rows) =>
      rows.table.schema === object.name ? { ...rows, table: { schema: renamed.name, name: rows.table.name } } : rows,
    );
  if (object.kind === 'column')
    state.rows = state.rows.map((rows) =>
      isPartOf(object, rows.table.schema, rows.table.name)
        ? { ...rows, columns: rows.columns.map((column) => (column === object.name ? renamed.name : column)) }
        : rows,
    );
}

const relations = new Set(['table', 'view', 'materialized-view', 'sequence', 'index']);

/** ALTER TABLE … RENAME serves views, indexes and sequences too. */
function sameObject(a: Resolved, b: Resolved): boolean {
  const kinds = a.kind === b.kind || (relations.has(a.kind) && relations.has(b.kind));
  return kinds && a.schema === b.schema && a.name === b.name && a.table === b.table;
}

/** What else changes when `from` becomes `to`. */
function follow(expected: Expected, from: Resolved, to: Resolved): Expected {
  const { object } = expected;
  if (from.kind === 'schema') return object.schema === from.name ? inSchema(expected, from.name, to.name) : expected;
  if (from.kind === 'column') return followColumn(expected, from, to);
  if (from.kind === 'type') return { ...expected, facts: replaceFact(expected.facts, 'type', from, to) };
  if (from.kind === 'function')
    return { ...expected, facts: replaceFact(expected.facts, 'function', bareFunction(from), bareFunction(to)) };
  if (!relations.has(from.kind)) return expected;
  const facts = replaceFact(replaceFact(expected.facts, 'references', from, to), 'table', from, to);
  const moved = isPartOf(object, from.schema, from.name) ? { ...object, schema: to.schema, table: to.name } : object;
  const indexSchema =
    facts['table'] !== expected.facts['table'] && object.kind === 'index' ? { ...moved, schema: to.schema } : moved;
  return { ...expected, object: commentMoved(indexSchema, from, to), facts };
}

function inSchema(expected: Expected, from: string, to: string): Expected {
  const facts = { ...expected.facts };
  for (const name of ['table', 'references', 'function', 'type'])
    if (facts[name]?.startsWith(`${from}.`) === true) facts[name] = `${to}.${facts[name].slice(from.length + 1)}`;
  return { ...expected, object: { ...expected.object, schema: to }, facts };
}

function followColumn(expected: Expected, from: Resolved, to: Resolved): Expected {
  const table = `${from.schema}.${from.table ?? ''}`;
  const concerned =
    isPartOf(expected.object, from.schema, from.table ?? '') ||
    expected.facts['table'] === table ||
    expected.object.kind === 'comment';
  if (!concerned) return expected;
  const facts = { ...expected.facts };
  for (const fact of ['columns', 'keys', 'include', 'uses'])
    if (facts[fact] !== undefined)
      facts[fact] = facts[fact]
        .split(',')
        .map((name) => (name === from.name ? to.name : name))
        .join(',');
  const { object } = expected;
  const comment = `column|${from.table ?? ''}.${from.name}`;
  if (object.kind === 'comment' && object.schema === from.schema && object.name === comment)
    return { ...expected, object: { ...object, name: `column|${from.table ?? ''}.${to.name}` } };
  return { ...expected, facts };
}

function commentMoved(object: Resolved, from: Resolved, to: Resolved): Resolved {
  if (object.kind !== 'comment' || object.schema !== from.schema) return object;
  const [kind = '', thing = ''] = object.name.split('|');
  if (thing !== from.name && !thing.startsWith(`${from.name}.`)) return object;
  return { ...object, schema: to.schema, name: `${kind}|${to.name}${thing.slice(from.name.length)}` };
}

function replaceFact(
  facts: Facts,
  name: string,
  from: { readonly schema: string; readonly name: string },
  to: { readonly schema: string; readonly name: string },
): Facts {
  const array = facts[name]?.endsWith('[]') === true ? '[]' : '';
  const value = facts[name]?.slice(0, facts[name].length - array.length);
  if (value === `${from.schema}.${from.name}`) return { ...facts, [name]: `${to.schema}.${to.name}${array}` };
  return value === from.name
    ? { ...facts, [name]: `${to.schema === from.schema ? '' : `${to.schema}.`}${to.name}${array}` }
    : facts;
}

function bareFunction({ schema, name }: Resolved): { readonly schema: string; readonly name: string } {
  return { schema, name: name.replace(/\(.*$/s, '') };
}
