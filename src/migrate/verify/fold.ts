import { withLabels } from './enum-labels.ts';
import type { Place } from '../../kit/finding.ts';
import {
  isPartOf,
  keyOf,
  type Expected,
  type ExpectedRows,
  type Folded,
  type FoldState,
  type Resolved,
} from './expected.ts';
import type { Effect, Facts, ObjectName } from './fact.ts';
import { nameByServer } from './auto-name.ts';
import { applyRename } from './rename.ts';

/**
 * Folds effects in the order of application: later statements override earlier ones.
 *
 * @param migrations effects by migration, in order
 * @param defaultSchema the schema that unqualified names stand for, where a migration has no `schema` of its own
 */
export function fold(
  migrations: readonly { readonly id: string; readonly effects: readonly Effect[]; readonly schema?: string }[],
  defaultSchema: string,
): Folded {
  const state: FoldState = { objects: new Map(), gone: new Map(), rows: [], touched: [], opaque: [] };
  for (const { id, effects, schema } of migrations)
    for (const effect of effects) step(state, effect, { migration: id, defaultSchema: schema ?? defaultSchema });
  return state;
}

interface StepTerms {
  readonly migration: string;
  readonly defaultSchema: string;
}

function step(state: FoldState, effect: Effect, terms: StepTerms): void {
  const { where } = effect;
  const { migration, defaultSchema } = terms;
  switch (effect.op) {
    case 'create':
      return create(state, effect, terms);
    case 'alter':
      return alter(state, effect, terms);
    case 'drop':
      return drop(state, { object: resolve(effect.object, defaultSchema), cascade: effect.cascade, where, migration });
    case 'rename': {
      const object = resolve(effect.object, defaultSchema);
      nameByServer(state, object);
      return applyRename(state, object, effect.to, { where, migration });
    }
    case 'insert': {
      const { op: _, count: __, table, ...rest } = effect;
      state.rows.push({
        ...rest,
        table: { schema: table.schema ?? defaultSchema, name: table.name },
        loose: false,
        migration,
      });
      return;
    }
    case 'rows-changed':
      return changeRows(state, { schema: effect.table.schema ?? defaultSchema, name: effect.table.name }, effect.how);
    case 'touch':
      state.touched.push(resolve(effect.object, defaultSchema));
      return;
    case 'opaque':
      state.opaque.push({ tag: effect.tag, where, migration });
  }
}

function create(state: FoldState, effect: Extract<Effect, { op: 'create' }>, terms: StepTerms): void {
  const { where, ifNotExists } = effect;
  const object = resolve(effect.object, terms.defaultSchema);
  const facts = resolveFacts(effect.object, effect.facts, terms.defaultSchema);
  const { skipping } = state;
  if (
    ifNotExists &&
    skipping !== undefined &&
    skipping.where === where &&
    isPartOf(object, skipping.schema, skipping.table)
  )
    return;
  const key = uniqueKey(state, keyOf(object, facts), object.name === '');
  if (ifNotExists && state.objects.has(key)) {
    if (object.kind === 'table') state.skipping = { schema: object.schema, table: object.name, where };
    return;
  }
  state.gone.delete(key);
  state.objects.set(key, { object, facts, where, migration: terms.migration, loose: false, made: true });
}

function resolve(object: ObjectName, defaultSchema: string): Resolved {
  const bare = ofNoSchema(object) ? '' : defaultSchema;
  return { ...object, schema: object.schema ?? bare };
}

/** Schemas and extensions lie in no schema, nor do the grants and comments on schemas. */
function ofNoSchema({ kind, name }: ObjectName): boolean {
  const onSchema = (kind === 'grant' || kind === 'comment') && name.startsWith('schema|');
  return kind === 'schema' || kind === 'extension' || onSchema;
}

/** Indexes name their table in a fact: with its schema, once that is known. */
function resolveFacts({ kind, schema }: ObjectName, facts: Facts, defaultSchema: string): Facts {
  const { table } = facts;
  if (kind !== 'index' || table === undefined || schema !== null) return facts;
  return { ...facts, table: `${defaultSchema}.${table}` };
}

/** Two unnamed constraints of the same form are two constraints. */
function uniqueKey(state: FoldState, key: string, unnamed: boolean): string {
  if (!unnamed) return key;
  let unique = key;
  for (let n = 2; state.objects.has(unique); n += 1) unique = `${key}#${n}`;
  return unique;
}

function alter(state: FoldState, effect: Extract<Effect, { op: 'alter' }>, terms: StepTerms): void {
  const object = resolve(effect.object, terms.defaultSchema);
  const { where } = effect;
  const { migration } = terms;
  if (object.kind === 'trigger' && object.name === '*') {
    for (const [key, known] of state.objects)
      if (known.object.kind === 'trigger' && isPartOf(known.object, object.schema, object.table ?? ''))
        state.objects.set(key, { ...known, facts: { ...known.facts, ...effect.facts }, where, migration });
    return;
  }
  nameByServer(state, object);
  const key = keyOf(object, effect.facts);
  const known = state.objects.get(key);
  if (object.kind === 'type') renameDefaults(state, object, effect.facts['rename label']);
  const facts =
    object.kind === 'type' ? withLabels(known?.facts ?? {}, effect.facts) : { ...known?.facts, ...effect.facts };
  state.objects.set(key, { object, facts, where, migration, loose: known?.loose ?? false, made: known?.made ?? false });
}

/** A renamed enum label is renamed in the defaults of its columns too. */
function renameDefaults(state: FoldState, type: Resolved, renamed: string | undefined): void {
  if (renamed === undefined) return;
  const [from, to] = JSON.parse(renamed) as [string, string];
  for (const [key, known] of state.objects) {
    const { type: columnType, 'default text': text } = known.facts;
    if (known.object.kind !== 'column' || text !== from) continue;
    if (columnType === type.name || columnType === `${type.schema}.${type.name}`)
      state.objects.set(key, { ...known, facts: { ...known.facts, 'default text': to } });
  }
}

interface Dropping {
  readonly object: Resolved;
  readonly cascade: boolean;
  readonly where: Place;
  readonly migration: string;
}

function drop(state: FoldState, dropping: Dropping): void {
  const { object, cascade, where, migration } = dropping;
  nameByServer(state, object);
  for (const [key, known] of state.objects) if (goesWith(known, object)) state.objects.delete(key);
  const gone: Expected = { object, facts: {}, where, migration, loose: false, made: false };
  state.gone.set(keyOf(object), gone);
  if (object.kind === 'table')
    state.rows = state.rows.filter(({ table }) => table.schema !== object.schema || table.name !== object.name);
  if (object.kind === 'schema') state.rows = state.rows.filter(({ table }) => table.schema !== object.name);
  if (cascade) loosen(state, object);
}

/** Is this the dropped object, or a part of it? */
function goesWith(known: Expected, object: Resolved): boolean {
  const { object: own, facts } = known;
  if (
    own.kind === object.kind &&
    own.schema === object.schema &&
    own.name === object.name &&
    own.table === object.table
  )
    return true;
  // DROP FUNCTION may leave out the argument types where the name is unique.
  if (
    object.kind === 'function' &&
    own.kind === 'function' &&
    own.schema === object.schema &&
    !object.name.includes('(')
  )
    return own.name.startsWith(`${object.name}(`);
  switch (object.kind) {
    case 'schema':
      return own.schema === object.name;
    case 'table':
    case 'view':
    case 'materialized-view':
      return (
        isPartOf(own, object.schema, object.name) ||
        (own.kind === 'index' && facts['table'] === `${object.schema}.${object.name}`) ||
        (own.kind === 'comment' && own.schema === object.schema && isCommentOn(own.name, object.name))
      );
    case 'column':
      return usesColumn(known, object);
    default:
      return own.kind === 'comment' && own.schema === object.schema && own.name.endsWith(`|${object.name}`);
  }
}

function usesColumn({ object: own, facts }: Expected, column: Resolved): boolean {
  const table = `${column.schema}.${column.table ?? ''}`;
  const names = ['columns', 'keys', 'include', 'uses'].flatMap((fact) => (facts[fact] ?? '').split(','));
  if (own.kind === 'constraint' && isPartOf(own, column.schema, column.table ?? '')) return names.includes(column.name);
  if (own.kind === 'index' && facts['table'] === table) return names.includes(column.name);
  return (
    own.kind === 'comment' && own.schema === column.schema && own.name === `column|${column.table ?? ''}.${column.name}`
  );
}

function isCommentOn(name: string, table: string): boolean {
  const [, thing = ''] = name.split('|');
  return thing === table || thing.startsWith(`${table}.`);
}

/** What CASCADE may have taken along: foreign keys to the table for sure, views and functions perhaps. */
function loosen(state: FoldState, object: Resolved): void {
  for (const [key, known] of state.objects) {
    const { references } = known.facts;
    if (references === object.name || references === `${object.schema}.${object.name}`) state.objects.delete(key);
    else if (['view', 'materialized-view', 'function', 'trigger', 'column'].includes(known.object.kind))
      state.objects.set(key, { ...known, loose: true });
  }
}

function changeRows(
  state: FoldState,
  changed: { readonly schema: string; readonly name: string },
  how: 'update' | 'delete' | 'truncate' | 'insert',
): void {
  if (how === 'insert') return;
  const touches = ({ table }: ExpectedRows): boolean => table.schema === changed.schema && table.name === changed.name;
  if (how === 'update') state.rows = state.rows.map((rows) => (touches(rows) ? { ...rows, loose: true } : rows));
  else state.rows = state.rows.filter((rows) => !touches(rows));
}
