import { listOf, nameParts, nodeOf, textOf, treeOf, type Tree } from '../../../sql/syntax-tree.ts';
import type { Change, ObjectKind, ObjectName } from '../fact.ts';
import { functionOf, nameOf, relationNamed, relationOf, type Name, type Scope } from './scope.ts';

const relations: ReadonlyMap<unknown, ObjectKind> = new Map([
  ['OBJECT_TABLE', 'table'],
  ['OBJECT_FOREIGN_TABLE', 'table'],
  ['OBJECT_VIEW', 'view'],
  ['OBJECT_MATVIEW', 'materialized-view'],
  ['OBJECT_SEQUENCE', 'sequence'],
  ['OBJECT_INDEX', 'index'],
]);

const parts: ReadonlyMap<unknown, ObjectKind> = new Map([
  ['OBJECT_TRIGGER', 'trigger'],
  ['OBJECT_POLICY', 'policy'],
  ['OBJECT_RULE', 'rule'],
  ['OBJECT_TABCONSTRAINT', 'constraint'],
  ['OBJECT_COLUMN', 'column'],
]);

const functions = new Set<unknown>(['OBJECT_FUNCTION', 'OBJECT_PROCEDURE', 'OBJECT_ROUTINE', 'OBJECT_AGGREGATE']);

/** DROP of anything. */
export function drop(fields: Tree, scope: Scope): readonly Change[] {
  const cascade = fields['behavior'] === 'DROP_CASCADE';
  return listOf(fields['objects']).flatMap((node): readonly Change[] => {
    const object = droppedObject(fields['removeType'], node, scope);
    return object === undefined ? [] : [{ op: 'drop', object, cascade }];
  });
}

function droppedObject(type: unknown, node: Tree, scope: Scope): ObjectName | undefined {
  const { fields } = nodeOf(node);
  const names = nameParts(fields['items']);
  const relation = relations.get(type);
  if (relation !== undefined) {
    const name = relationNamed(scope, names);
    // What has its name afterwards is no temporary relation.
    if (name === undefined) scope.temporary.delete(names.at(-1) ?? '');
    return name && { kind: relation, ...name };
  }
  const part = parts.get(type);
  if (part !== undefined) return partOf(part, relationNamed(scope, names.slice(0, -1)), names.at(-1));
  if (functions.has(type)) {
    // Without types the file must tell which one is meant; otherwise the bare name stands for it.
    const name = functionOf(scope, fields) ?? nameOf(scope, nameParts(fields['objname']));
    return { kind: 'function', ...name };
  }
  switch (type) {
    case 'OBJECT_TYPE':
    case 'OBJECT_DOMAIN':
      return { kind: 'type', ...nameOf(scope, nameParts(fields['names'])) };
    case 'OBJECT_SCHEMA':
      return { kind: 'schema', schema: null, name: textOf(fields['sval']) };
    case 'OBJECT_EXTENSION':
      return { kind: 'extension', schema: null, name: textOf(fields['sval']) };
    default:
      return undefined;
  }
}

function partOf(kind: ObjectKind, table: Name | undefined, name: string | undefined): ObjectName | undefined {
  return table && { kind, schema: table.schema, table: table.name, name: name ?? '' };
}

/** ALTER … RENAME. */
export function rename(fields: Tree, scope: Scope): readonly Change[] {
  const object = namedObject(fields['renameType'], fields, scope);
  if (object === undefined) return [];
  const name = textOf(fields['newname']);
  // A function's name goes with its types.
  const types = object.kind === 'function' ? (/\(.*$/s.exec(object.name)?.[0] ?? '') : '';
  return [{ op: 'rename', object, to: { name: `${name}${types}` } }];
}

/** ALTER … SET SCHEMA. */
export function setSchema(fields: Tree, scope: Scope): readonly Change[] {
  const object = namedObject(fields['objectType'], fields, scope);
  if (object === undefined) return [];
  return [{ op: 'rename', object, to: { schema: textOf(fields['newschema']) } }];
}

/** ALTER … OWNER TO, of what is no relation. */
export function changeOwner(fields: Tree, scope: Scope): readonly Change[] {
  const type = fields['objectType'];
  const object =
    type === 'OBJECT_SCHEMA'
      ? ({ kind: 'schema', schema: null, name: textOf(nodeOf(treeOf(fields['object'])).fields['sval']) } as const)
      : namedObject(type, fields, scope);
  return object === undefined ? [] : [{ op: 'touch', object }];
}

function namedObject(type: unknown, fields: Tree, scope: Scope): ObjectName | undefined {
  const relation = treeOf(fields['relation']);
  const kind = relations.get(type);
  if (kind !== undefined) {
    const name = relationOf(scope, relation);
    return name && { kind, ...name };
  }
  const part = parts.get(type);
  if (part !== undefined) {
    const ofTable = part !== 'column' || /_(?:FOREIGN_)?TABLE$/.test(textOf(fields['relationType']));
    return ofTable ? partOf(part, relationOf(scope, relation), textOf(fields['subname'])) : undefined;
  }
  const inner = nodeOf(treeOf(fields['object'])).fields;
  if (functions.has(type)) {
    const name = functionOf(scope, inner);
    return name && { kind: 'function', ...name };
  }
  if (type === 'OBJECT_TYPE' || type === 'OBJECT_DOMAIN')
    return { kind: 'type', ...nameOf(scope, nameParts(inner['items'])) };
  return type === 'OBJECT_SCHEMA' ? { kind: 'schema', schema: null, name: textOf(fields['subname']) } : undefined;
}
