import type { Dice } from '../dice.ts';
import type { Column, Relation, World } from '../world.ts';

/** What might be tried now: one statement, or several that stand or fall together. Undefined: nothing to do it to. */
export type Proposal = (world: World, dice: Dice) => string | readonly string[] | undefined;

/** Proposals, each as often as its weight says. */
export type Family = readonly (readonly [weight: number, proposal: Proposal])[];

/** Roles that every test server has. */
export const roles = ['histories_reader', 'histories_writer', 'histories_owner'] as const;

const words = [
  'person',
  'invoice',
  'parcel',
  'depot',
  'route',
  '"Order Line"',
  '"led.ger"',
  '"größe"',
  'note',
  'badge',
];
const columnWords = ['title', 'amount', 'state', 'born', '"Weight kg"', 'code', '"a.b"', 'flag', 'ref', 'remark', 'n'];

/** A name that may be taken, so that names come back after they were dropped or renamed. */
export function name(dice: Dice, stem = ''): string {
  const word = dice.of('x', ...words);
  if (stem === '') return dice.maybe(0.5) ? word : suffixed(word, String(dice.upTo(3)));
  return suffixed(word, `${stem}${dice.maybe(0.6) ? '' : dice.upTo(3)}`);
}

export function columnName(dice: Dice): string {
  return dice.of('x', ...columnWords);
}

function suffixed(word: string, end: string): string {
  return word.endsWith('"') ? `${word.slice(0, -1)}_${end}"` : `${word}_${end}`;
}

/** A new name in one of the schemas, mostly without saying which. */
export function placed(world: World, dice: Dice, stem = ''): string {
  const schema = dice.maybe(0.25) ? dice.one(world.schemas) : undefined;
  return schema === undefined ? name(dice, stem) : `${schema}.${name(dice, stem)}`;
}

/** As people write it: often without the schema `public`. */
export function written(dice: Dice, q: string): string {
  return q.startsWith('public.') && dice.maybe(0.6) ? q.slice('public.'.length) : q;
}

export function relations(world: World, kinds: string): readonly Relation[] {
  return world.relations.filter(({ kind, temporary }) => kinds.includes(kind) && !temporary);
}

/** Ordinary, partitioned or both. */
export function tables(world: World): readonly Relation[] {
  return relations(world, 'rp');
}

export function table(world: World, dice: Dice): Relation | undefined {
  return dice.one(tables(world));
}

/** A table with columns, and one of them. */
export function column(
  world: World,
  dice: Dice,
  fits: (column: Column, of: Relation) => boolean = () => true,
): { readonly of: Relation; readonly column: Column } | undefined {
  const all = tables(world).flatMap((of) => of.columns.filter((c) => fits(c, of)).map((column) => ({ of, column })));
  return dice.one(all);
}

const builtin = [
  'int',
  'bigint',
  'text',
  'varchar(20)',
  'numeric(8,2)',
  'boolean',
  'date',
  'timestamptz',
  'jsonb',
  'uuid',
  'int[]',
  'text[]',
  'char(3)',
  'interval',
  'bytea',
  'daterange',
  'double precision',
  'smallint',
  'timestamp(3)',
  'inet',
  'int4range',
  'time',
  '"char"',
] as const;

/** A type, built in or made by the history. */
export function type(world: World, dice: Dice): string {
  const own = world.types.filter(({ kind }) => kind !== 'c' || dice.maybe(0.3));
  const chosen = dice.maybe(0.25) ? dice.one(own) : undefined;
  return chosen === undefined ? dice.of('int', ...builtin) : written(dice, chosen.q);
}

/** A value that such a column might take. */
export function literal(dice: Dice, { type, category, labels }: Pick<Column, 'type' | 'category' | 'labels'>): string {
  if (labels !== null) return `'${dice.one(labels) ?? 'none'}'`;
  if (type.endsWith('[]')) return `'{}'`;
  if (category === 'N') return String(dice.upTo(90));
  if (category === 'S') return dice.of(`'abc'`, `'x'`, `'it''s'`, `''`, `'ü'`);
  if (category === 'B') return dice.of('true', 'false');
  if (type.startsWith('date') && category === 'D') return dice.of(`'2024-02-29'`, 'current_date');
  if (type.startsWith('time') && category === 'D') return type.includes('stamp') ? `'2024-01-05 10:00'` : `'10:00'`;
  if (type === 'uuid') return `'00000000-0000-0000-0000-00000000000${dice.upTo(9)}'`;
  if (type === 'jsonb') return dice.of(`'{}'`, `'{"b": 1,  "a": [2]}'`);
  if (type === 'interval') return `'1 day'`;
  if (type === 'bytea') return `'\\x00ff'`;
  if (type === 'inet') return `'10.0.0.1'`;
  if (category === 'R') return `'empty'`;
  return 'NULL';
}

const defaults: Readonly<Record<string, string>> = {
  int: '7',
  bigint: '-1',
  text: `'it''s'`,
  'varchar(20)': `lower('ABC')`,
  'numeric(8,2)': '1e3',
  boolean: 'false',
  date: 'CURRENT_DATE',
  timestamptz: 'now()',
  jsonb: `'{"b": 1,   "a":2}'`,
  uuid: 'gen_random_uuid()',
  'int[]': `'{}'`,
  'text[]': `ARRAY['x']`,
  smallint: '1 + 1',
  interval: `'1 hour'`,
  inet: `'10.0.0.1'`,
  'double precision': '0.1',
  bytea: `'\\x00ff'`,
  'char(3)': `'a'`,
};

export function defaultOf(type: string): string | undefined {
  return defaults[type];
}

/** A condition on a column that holds for nearly every value. */
export function condition({ n, category, type }: Column, dice: Dice): string {
  if (category === 'N') return `${n} ${dice.of('>', '<>', '>=')} ${-dice.upTo(5)}`;
  if (category === 'S' && type !== '"char"') return dice.of(`${n} <> 'zz'`, `length(${n}) < ${50 + dice.upTo(9)}`);
  if (category === 'B') return `${n} IS NOT NULL OR ${n}`;
  return `${n} IS NOT NULL${dice.maybe(0.5) ? ` OR ${n} IS NULL` : ''}`;
}

/** The cascade that some write. */
export function cascade(dice: Dice): string {
  return dice.maybe(0.5) ? ' CASCADE' : '';
}

/** A proposal about one thing that exists. */
export function on<T>(
  choose: (world: World, dice: Dice) => T | undefined,
  make: (thing: T, dice: Dice, world: World) => string | readonly string[] | undefined,
): Proposal {
  return (world, dice) => {
    const thing = choose(world, dice);
    return thing === undefined ? undefined : make(thing, dice, world);
  };
}
