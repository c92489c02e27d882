import { inPlace } from './enum-labels.ts';
import type { Check } from '../model.ts';
import { bare, type Actual } from './catalogue.ts';
import { keyOf, type Expected, type Folded } from './expected.ts';
import { untold, type Facts } from './fact.ts';

/**
 * Holds what must be there against the catalogue. Each object gives one check when it is as stated, and one for each
 * fact that differs.
 *
 * @param folded what the migrations state, in their order
 * @param actual the catalogue's objects by key
 * @param focus ids of the migrations whose statements are judged; absent: all
 */
export function judge(
  folded: Folded,
  actual: ReadonlyMap<string, Actual>,
  focus?: ReadonlySet<string>,
): readonly Check[] {
  const named = [...folded.objects.values()]
    .filter(({ object }) => object.name !== '')
    .map(({ object }) => keyOf(object));
  const matcher = createMatcher(actual, new Set(named));
  const checks: Check[] = [];
  for (const expected of folded.objects.values()) {
    if (focus !== undefined && !focus.has(expected.migration)) continue;
    const found = matcher.find(expected);
    checks.push(...checksOf(expected, found));
  }
  for (const expected of folded.gone.values()) {
    if (focus !== undefined && !focus.has(expected.migration)) continue;
    if (expected.object.kind === 'constraint' && expected.object.name === '') continue;
    const there = matcher.find(expected) !== undefined;
    checks.push(check(expected, { ok: !there, expected: 'gone', actual: there ? 'still there' : 'gone' }));
  }
  return checks;
}

interface Matcher {
  find(expected: Expected): Facts | undefined;
}

/**
 * Finds objects by name; unnamed constraints and indexes by their form, each only once and none that another statement
 * names; functions by their types.
 */
function createMatcher(actual: ReadonlyMap<string, Actual>, named: ReadonlySet<string>): Matcher {
  const taken = new Set(named);
  const functions = new Map<string, Actual[]>();
  const parts = new Map<string, [string, Actual][]>();
  for (const [key, one] of actual) {
    const { kind, schema, table, name } = one.object;
    if (kind === 'function') push(functions, `${schema}.${bare(name)}`, one);
    if (kind === 'constraint') push(parts, `constraint|${schema}.${table ?? ''}`, [key, one] as [string, Actual]);
    if (kind === 'index') push(parts, `index|${one.facts['table'] ?? ''}`, [key, one] as [string, Actual]);
  }
  const unnamed = (expected: Expected): Facts | undefined => {
    const { object, facts } = expected;
    const owner =
      object.kind === 'index' ? `index|${facts['table'] ?? ''}` : `constraint|${object.schema}.${object.table ?? ''}`;
    const fits = (parts.get(owner) ?? []).filter(
      ([key, one]) => !taken.has(key) && hasForm(one.facts, object.kind, facts),
    );
    const best = fits.find(([, one]) => differences(expected, one.facts).length === 0) ?? fits[0];
    if (best === undefined) return undefined;
    taken.add(best[0]);
    return best[1].facts;
  };
  return {
    find(expected) {
      const { object } = expected;
      if (object.kind === 'function') {
        const candidates = functions.get(`${object.schema}.${bare(object.name)}`) ?? [];
        return candidates.find((one) => sameArguments(one.object.name, object.name))?.facts;
      }
      if (object.kind === 'grant' || object.kind === 'comment') return findByThing(actual, expected);
      if (object.name === '') return unnamed(expected);
      const found = actual.get(keyOf(object)) ?? relationOfAnyKind(actual, expected);
      return found?.facts;
    },
  };
}

function push<T>(map: Map<string, T[]>, key: string, value: T): void {
  const list = map.get(key);
  if (list === undefined) map.set(key, [value]);
  else list.push(value);
}

function hasForm(actual: Facts, kind: string, wanted: Facts): boolean {
  if (kind === 'index')
    return actual['constraint'] !== 'yes' && actual['keys'] === wanted['keys'] && actual['method'] === wanted['method'];
  return (
    actual['type'] === wanted['type'] &&
    (wanted['type'] === 'check' || sameColumns(actual['columns'], wanted['columns']))
  );
}

function sameColumns(actual: string | undefined, wanted: string | undefined): boolean {
  return wanted === undefined || wanted === '' || actual === wanted;
}

/** DROP and ALTER TABLE name views and sequences too. */
function relationOfAnyKind(actual: ReadonlyMap<string, Actual>, { object }: Expected): Actual | undefined {
  if (object.kind !== 'table') return undefined;
  for (const kind of ['view', 'materialized-view', 'sequence'] as const) {
    const found = actual.get(keyOf({ ...object, kind }));
    if (found !== undefined) return found;
  }
  return undefined;
}

/** Functions inside the names of grants and comments carry argument types; schemas have none of their own. */
function findByThing(actual: ReadonlyMap<string, Actual>, { object, facts }: Expected): Facts | undefined {
  const absent: Facts | undefined =
    object.kind === 'grant' && facts['granted'] === 'no' ? { granted: 'no' } : undefined;
  const direct = actual.get(keyOf(object)) ?? actual.get(keyOf({ ...object, schema: '' }));
  if (direct !== undefined) return direct.facts;
  const thing = object.kind === 'grant' ? (object.table ?? '') : (object.name.split('|')[1] ?? '');
  if (!thing.includes('(')) return absent;
  for (const one of actual.values()) {
    if (one.object.kind !== object.kind || one.object.schema !== object.schema) continue;
    const other = object.kind === 'grant' ? (one.object.table ?? '') : (one.object.name.split('|')[1] ?? '');
    const sameKey = object.kind !== 'grant' || one.object.name === object.name;
    if (sameKey && bare(other) === bare(thing) && sameArguments(other, thing)) return one.facts;
  }
  return absent;
}

function sameArguments(actual: string, written: string): boolean {
  const list = (text: string): readonly string[] =>
    text
      .replace(/^[^(]*\(|\)$/g, '')
      .split(',')
      .map((type) => type.trim());
  const [a, b] = [list(actual), list(written)];
  return (
    a.length === b.length && a.every((type, index) => sameType(withoutModifier(type), withoutModifier(b[index] ?? '')))
  );
}

function withoutModifier(type: string): string {
  return type.replace(/\s*\([^)]*\)/, '');
}

/** A type as written names no schema where the catalogue names one. */
function sameType(actual: string, written: string): boolean {
  if (actual === written) return true;
  const plain = (text: string): string => text.replaceAll('"', '');
  return (
    plain(actual) === plain(written) ||
    (written.includes('.')
      ? plain(actual).endsWith(`.${plain(written)}`)
      : plain(actual).replace(/^[^.( ]+\./, '') === plain(written))
  );
}

interface Difference {
  readonly fact: string;
  readonly expected: string;
  readonly actual: string;
}

function differences(expected: Expected, actual: Facts): readonly Difference[] {
  const found: Difference[] = [];
  for (const [fact, wanted] of Object.entries(expected.facts)) {
    if (wanted === untold) continue;
    const is = actual[fact === 'placed' ? 'labels' : fact] ?? '';
    if (!sameFact(expected, fact, is, wanted)) found.push({ fact, expected: wanted, actual: is === '' ? 'none' : is });
  }
  const { kind, facts } = { kind: expected.object.kind, facts: expected.facts };
  if (kind === 'index' && facts['valid'] === 'yes' && actual['ready'] === 'no')
    found.push({ fact: 'ready', expected: 'yes', actual: 'no' });
  return found;
}

function sameFact({ object }: Expected, fact: string, is: string, wanted: string): boolean {
  switch (fact) {
    case 'type':
    case 'returns':
      return object.kind === 'constraint' ? is === wanted : sameType(is, wanted);
    case 'references':
    case 'function':
    case 'table':
      return is === wanted || is.endsWith(`.${wanted}`);
    case 'default text':
      return literalOf(is) === wanted || is === wanted;
    case 'labels':
      return JSON.stringify(JSON.parse(is === '' ? '[]' : is)) === JSON.stringify(JSON.parse(wanted));
    case 'placed':
      return inPlace(is, wanted);
    case 'version':
    case 'ready':
    case 'uses':
    case 'auto':
      return true;
    case 'enabled':
      return is === wanted || (wanted === 'yes' && is === 'always');
    default:
      return is === wanted;
  }
}

/** The value of a default as the server prints it: `'draft'::text` is draft. */
function literalOf(text: string): string {
  const quoted = /^\(?'((?:[^']|'')*)'(?:::.*)?$/s.exec(text);
  if (quoted !== null) return (quoted[1] ?? '').replaceAll("''", "'");
  return text.replace(/::[\w .()"]+$/, '').replace(/^\((-?[\d.]+)\)$/, '$1');
}

function checksOf(expected: Expected, found: Facts | undefined): readonly Check[] {
  if (expected.object.kind === 'comment' && expected.facts['text'] === '')
    return [check(expected, { ok: found === undefined, expected: 'none', actual: found?.['text'] ?? 'none' })];
  if (found === undefined) return [check(expected, { ok: false, expected: summary(expected), actual: 'missing' })];
  const different = differences(expected, found);
  if (different.length === 0)
    return [check(expected, { ok: true, expected: summary(expected), actual: summary(expected) })];
  return different.map((one) =>
    check(expected, { ok: false, expected: `${one.fact}: ${one.expected}`, actual: `${one.fact}: ${one.actual}` }),
  );
}

function check(
  expected: Expected,
  result: { readonly ok: boolean; readonly expected: string; readonly actual: string },
): Check {
  const severity = expected.loose ? 'warning' : 'error';
  const { migration, where } = expected;
  return { kind: expected.object.kind, object: labelOf(expected), severity, where, migration, ...result };
}

/** How people are told which object is meant: `public.users.email`, `unique (a, b) on public.users`. */
export function labelOf({ object, facts }: Pick<Expected, 'object' | 'facts'>): string {
  const { kind, schema, table, name } = object;
  const prefix = schema === '' ? '' : `${schema}.`;
  if (kind === 'grant') {
    const [, grantee = '', privilege = ''] = name.split('|');
    return `${privilege} on ${prefix}${table ?? ''} to ${grantee}`;
  }
  if (kind === 'comment') {
    const [thing = '', of = ''] = name.split('|');
    return `on ${thing} ${prefix}${of}`;
  }
  if (kind === 'index') return name === '' ? `(${facts['keys'] ?? ''}) on ${facts['table'] ?? ''}` : `${prefix}${name}`;
  if (table === undefined) return `${prefix}${name}`;
  if (name === '')
    return `${facts['type'] ?? ''}${facts['columns'] ? ` (${facts['columns']})` : ''} on ${prefix}${table}`;
  return `${prefix}${table}.${name}`;
}

function summary({ object, facts }: Expected): string {
  const told = Object.entries(facts).flatMap(([fact, value]) => {
    if (value === 'no' || value === untold || ['kind', 'text', 'uses', 'auto', 'placed'].includes(fact) || value === '')
      return [];
    return value === 'yes' ? [fact] : [fact === 'type' || fact === 'method' ? value : `${fact} ${value}`];
  });
  return told.length === 0
    ? object.kind === 'grant' && facts['granted'] === 'no'
      ? 'not granted'
      : 'present'
    : told.join(', ');
}
