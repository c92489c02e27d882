import { readFileSync } from 'node:fs';
import { expect, expectTypeOf, test } from 'vitest';
import { z } from 'zod';
import type { shapes } from '../../scripts/schemas/index.ts';
import type { FaultCode } from '../kit/catalogue/index.ts';
import type { Finding } from '../kit/finding.ts';
import type { RunEvent, RunFinished } from '../migrate/contract/event.ts';
import type { Check, Plan } from '../migrate/contract/model.ts';
import type { RunOutcome } from '../migrate/contract/run-outcome.ts';
import type { Config } from '../project/config-model.ts';

// Of the types the compiler is the judge: `npm run check` fails where a schema and a type differ.

/** The names that are known, without those that an open object may have. */
type Known<T> = keyof { [Key in keyof T as string extends Key ? never : Key]: never };

/** A type as JSON has it: lists, objects without further fields, codes as text. */
type Published<T> = unknown extends T
  ? unknown
  : [T] extends [FaultCode]
    ? string
    : T extends readonly (infer Item)[]
      ? readonly Published<Item>[]
      : T extends object
        ? string extends keyof T
          ? Known<T> extends never
            ? { readonly [Key in keyof T]: Published<T[Key]> }
            : Fields<T>
          : Fields<T>
        : T;

type Fields<T> = {
  readonly [Key in keyof T as string extends Key ? never : Key]: Published<Exclude<T[Key], undefined>>;
};

type Schema<Name extends keyof typeof shapes> = z.infer<(typeof shapes)[Name]>;

test('the schemas of configuration, finding, plan and check have the fields of their types (`wrong-usage`)', () => {
  expectTypeOf<Published<Schema<'config'>>>().toEqualTypeOf<Published<Config>>();
  expectTypeOf<Published<Schema<'finding'>>>().toEqualTypeOf<Published<Finding>>();
  expectTypeOf<Published<Schema<'plan'>>>().toEqualTypeOf<Published<Plan>>();
  expectTypeOf<Published<Schema<'check'>>>().toEqualTypeOf<Published<Check>>();
});

/** `state` is what a plan is made from, for godwit alone: it is published as anything. */
type Own = 'kind' | 'v' | 'state';
type Told<Event> = Published<{ [Key in keyof Event as string extends Key ? never : Exclude<Key, Own>]: Event[Key] }>;
type OfTypes = { [Kind in RunEvent['kind']]: Told<Extract<Printed, { readonly kind: Kind }>> };
/** The program closes with `wrong-usage` when it does not understand the command line. */
type Printed =
  | Exclude<RunEvent, RunFinished>
  | { [Key in keyof RunFinished]: Key extends 'outcome' ? RunOutcome | 'wrong-usage' : RunFinished[Key] };
type OfSchema = { [Event in Schema<'event'> as Event['kind']]: Told<Event> };

type Same<A, B> = [A, keyof A] extends [B, keyof B] ? ([B, keyof B] extends [A, keyof A] ? true : false) : false;
type Different = {
  [Kind in keyof OfSchema]: Same<OfTypes[Kind], OfSchema[Kind]> extends true ? never : Kind;
}[keyof OfSchema];

test('the schema of events has every kind of event with its fields', () => {
  expectTypeOf<keyof OfSchema>().toEqualTypeOf<keyof OfTypes>();
  expectTypeOf<Different>().toEqualTypeOf<never>();
});

const read = (path: string): unknown => JSON.parse(readFileSync(new URL(`../../${path}`, import.meta.url), 'utf8'));

test('the published schema of the configuration takes the example, and every key has a name that is known', () => {
  const schema = z.fromJSONSchema(read('schemas/config.json') as z.core.JSONSchema.JSONSchema);
  const example = read('examples/vividly/godwit.config.json') as object;
  expect(schema.safeParse({ $schema: './config.json', ...example }).error).toBeUndefined();
  for (const wrong of [
    { migration: 'sql' },
    { environments: { dev: { databse: 'embedded' } } },
    { environments: { dev: { database: 'postgresql://a@b/c' } } },
    { environments: { dev: { engine: { kind: 'cloud-run' } } } },
    { environments: { dev: { major: 13 } } },
  ])
    expect(schema.safeParse(wrong).success, JSON.stringify(wrong)).toBe(false);
});
