import { listOf, nameParts, nodeOf, textOf, treeOf, type Tree } from '../../../sql/syntax-tree.ts';
import type { Change } from '../fact.ts';
import { functionOf, nameOf, relationOf, type Name, type Scope } from './scope.ts';

/** Kinds of things whose privileges are looked at, with what ALL PRIVILEGES means for them. */
const things: ReadonlyMap<unknown, { readonly kind: string; readonly all: readonly string[] }> = new Map([
  [
    'OBJECT_TABLE',
    { kind: 'table', all: ['select', 'insert', 'update', 'delete', 'truncate', 'references', 'trigger'] },
  ],
  ['OBJECT_SEQUENCE', { kind: 'sequence', all: ['usage', 'select', 'update'] }],
  ['OBJECT_SCHEMA', { kind: 'schema', all: ['usage', 'create'] }],
  ['OBJECT_FUNCTION', { kind: 'function', all: ['execute'] }],
  ['OBJECT_PROCEDURE', { kind: 'function', all: ['execute'] }],
  ['OBJECT_ROUTINE', { kind: 'function', all: ['execute'] }],
  ['OBJECT_TYPE', { kind: 'type', all: ['usage'] }],
  ['OBJECT_DOMAIN', { kind: 'type', all: ['usage'] }],
]);

/**
 * GRANT and REVOKE on named objects. Whole schemas, roles and columns are left out: what they come to depends on the
 * database.
 */
export function grant(fields: Tree, scope: Scope): readonly Change[] {
  const thing = things.get(fields['objtype']);
  const granted = fields['is_grant'] === true;
  if (thing === undefined || fields['targtype'] !== 'ACL_TARGET_OBJECT') return [];
  // REVOKE GRANT OPTION FOR leaves the privilege itself.
  if (!granted && fields['grant_option'] === true) return [];
  const privileges = privilegesOf(fields['privileges'], thing.all);
  const grantees = listOf(fields['grantees']).flatMap(granteeOf);
  const changes: Change[] = [];
  for (const node of listOf(fields['objects'])) {
    const of = thingOf(node, scope);
    if (of === undefined) continue;
    for (const grantee of grantees)
      for (const privilege of privileges) {
        const name = `${thing.kind}|${grantee}|${privilege}`.toLowerCase();
        const object = {
          kind: 'grant',
          schema: thing.kind === 'schema' ? null : of.schema,
          table: of.name,
          name,
        } as const;
        const facts = { granted: granted ? 'yes' : 'no' };
        changes.push(granted ? { op: 'create', object, facts, ifNotExists: false } : { op: 'alter', object, facts });
      }
  }
  return changes;
}

function privilegesOf(list: unknown, all: readonly string[]): readonly string[] {
  const named = listOf(list);
  if (named.length === 0) return all;
  return named.flatMap((node) => {
    const { priv_name: name, cols } = treeOf(node['AccessPriv']);
    return cols === undefined && textOf(name) !== '' ? [textOf(name)] : [];
  });
}

/** CURRENT_USER and its like are whoever runs the file. */
function granteeOf(node: Tree): readonly string[] {
  const { roletype, rolename } = treeOf(node['RoleSpec']);
  if (roletype === 'ROLESPEC_PUBLIC') return ['public'];
  return roletype === 'ROLESPEC_CSTRING' ? [textOf(rolename)] : [];
}

function thingOf(node: Tree, scope: Scope): Name | undefined {
  const { type, fields } = nodeOf(node);
  switch (type) {
    case 'RangeVar':
      return relationOf(scope, fields);
    case 'ObjectWithArgs':
      return functionOf(scope, fields);
    case 'List':
      return nameOf(scope, nameParts(fields['items']));
    case 'TypeName':
      return nameOf(scope, nameParts(fields['names']));
    case 'String':
      return { schema: null, name: textOf(fields['sval']) };
    default:
      return undefined;
  }
}
