import { listOf, nameParts, textOf, treeOf, type Tree } from '../../../sql/syntax-tree.ts';
import type { Change, Facts } from '../fact.ts';
import { madeRelation } from './table.ts';
import { nameOf, type Name, type Scope } from './scope.ts';
import { typeText } from './type-text.ts';

function makeType(name: Name, facts: Facts): readonly Change[] {
  return [{ op: 'create', object: { kind: 'type', ...name }, facts, ifNotExists: false }];
}

/** CREATE TYPE … AS ENUM. */
export function createEnum(fields: Tree, scope: Scope): readonly Change[] {
  const labels = JSON.stringify(nameParts(fields['vals']));
  return makeType(nameOf(scope, nameParts(fields['typeName'])), { kind: 'enum', labels });
}

/** CREATE TYPE … AS (…). */
export function createComposite(fields: Tree, scope: Scope): readonly Change[] {
  return makeType(madeRelation(scope, treeOf(fields['typevar'])), { kind: 'composite' });
}

/** CREATE TYPE … AS RANGE. */
export function createRange(fields: Tree, scope: Scope): readonly Change[] {
  return makeType(nameOf(scope, nameParts(fields['typeName'])), { kind: 'range' });
}

/** CREATE DOMAIN. */
export function createDomain(fields: Tree, scope: Scope): readonly Change[] {
  const type = typeText(treeOf(fields['typeName']));
  const notNull = listOf(fields['constraints']).some(
    (node) => treeOf(node['Constraint'])['contype'] === 'CONSTR_NOTNULL',
  );
  return makeType(nameOf(scope, nameParts(fields['domainname'])), {
    kind: 'domain',
    ...(type === undefined ? {} : { type }),
    ...(notNull ? { 'not null': 'yes' } : {}),
  });
}

/** ALTER DOMAIN: `O` is SET NOT NULL, `N` is DROP NOT NULL. */
export function alterDomain(fields: Tree, scope: Scope): readonly Change[] {
  const { subtype } = fields;
  if (subtype !== 'O' && subtype !== 'N') return [];
  const object = { kind: 'type', ...nameOf(scope, nameParts(fields['typeName'])) } as const;
  return [{ op: 'alter', object, facts: { 'not null': subtype === 'O' ? 'yes' : 'no' } }];
}

/** ALTER TYPE … ADD VALUE and RENAME VALUE. */
export function alterEnum(fields: Tree, scope: Scope): readonly Change[] {
  const object = { kind: 'type', ...nameOf(scope, nameParts(fields['typeName'])) } as const;
  const label = textOf(fields['newVal']);
  const old = fields['oldVal'];
  if (old !== undefined) {
    return [{ op: 'alter', object, facts: { 'rename label': JSON.stringify([textOf(old), label]) } }];
  }
  const neighbour = fields['newValNeighbor'];
  const side = fields['newValIsAfter'] === true ? 'after' : 'before';
  const facts = { 'add label': label, ...(neighbour === undefined ? {} : { [side]: textOf(neighbour) }) };
  return [{ op: 'alter', object, facts }];
}
