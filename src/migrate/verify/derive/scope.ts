import { nameParts, textOf, type Tree } from '../../../sql/syntax-tree.ts';
import type { Change } from '../fact.ts';
import { argumentTypes } from './type-text.ts';

/** A name with its schema; null stands for the session's default one. */
export interface Name {
  readonly schema: string | null;
  readonly name: string;
}

/** What earlier statements of the file mean for later ones. One per file, changed while its statements are read. */
export interface Scope {
  /** Schema of unqualified names, by SET search_path. */
  path: string | null;
  /** Temporary relations: they vanish with the session, so nothing is stated about them. */
  readonly temporary: Set<string>;
  /** Functions made in the file, as `f(types)`: for statements that leave the types out. */
  readonly functions: Map<string, string>;
  /** Seed rows that may still be kept. */
  rowsLeft: number;
}

/** Most seed rows of one file that are compared one by one. */
const mostRows = 500;

/** The scope at the beginning of a file. */
export function createScope(): Scope {
  return { path: null, temporary: new Set(), functions: new Map(), rowsLeft: mostRows };
}

/** The name that these parts (`schema`, `name`) stand for; a database before them is dropped. */
export function nameOf(scope: Scope, parts: readonly string[]): Name {
  const name = parts.at(-1) ?? '';
  return { schema: parts.at(-2) ?? scope.path, name };
}

/** The relation of a RangeVar's fields; undefined if it is temporary. */
export function relationOf(scope: Scope, relation: Tree): Name | undefined {
  const schema = textOf(relation['schemaname']);
  const name = textOf(relation['relname']);
  return relationNamed(scope, schema === '' ? [name] : [schema, name]);
}

/** The relation that these parts name; undefined if it is temporary. */
export function relationNamed(scope: Scope, parts: readonly string[]): Name | undefined {
  const schema = parts.at(-2);
  if (isTemporarySchema(schema) || (schema === undefined && scope.temporary.has(parts.at(-1) ?? ''))) return undefined;
  return nameOf(scope, parts);
}

/** Does the statement make a temporary relation of this RangeVar? Then later statements know of it. */
export function isTemporary(scope: Scope, relation: Tree): boolean {
  if (relation['relpersistence'] !== 't' && !isTemporarySchema(textOf(relation['schemaname']))) return false;
  scope.temporary.add(textOf(relation['relname']));
  return true;
}

function isTemporarySchema(schema: string | undefined): boolean {
  return schema === 'pg_temp' || schema?.startsWith('pg_temp_') === true;
}

/** `schema.name`, or the bare name where the default schema is meant. */
export function dotted({ schema, name }: Name): string {
  return schema === null ? name : `${schema}.${name}`;
}

/**
 * The function of an ObjectWithArgs, as `f(types)`. Without types it is the one of this file; undefined if there is none
 * of that name, or if its types cannot be told.
 */
export function functionOf(scope: Scope, fields: Tree): Name | undefined {
  const { schema, name } = nameOf(scope, nameParts(fields['objname']));
  if (fields['args_unspecified'] === true) {
    const known = scope.functions.get(name);
    return known === undefined ? undefined : { schema, name: known };
  }
  const types = argumentTypes(fields['objfuncargs'] ?? fields['objargs']);
  return types === undefined ? undefined : { schema, name: `${name}(${types.join(',')})` };
}

/** Derives what one kind of statement does. */
export type Deriver = (fields: Tree, scope: Scope) => readonly Change[];
