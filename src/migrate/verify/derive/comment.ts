import { nameParts, nodeOf, textOf, treeOf, type Tree } from '../../../sql/syntax-tree.ts';
import type { Change } from '../fact.ts';
import { functionOf, nameOf, relationNamed, type Name, type Scope } from './scope.ts';

const relations: ReadonlyMap<unknown, string> = new Map([
  ['OBJECT_TABLE', 'table'],
  ['OBJECT_FOREIGN_TABLE', 'table'],
  ['OBJECT_VIEW', 'view'],
  ['OBJECT_MATVIEW', 'materialized-view'],
  ['OBJECT_SEQUENCE', 'sequence'],
  ['OBJECT_INDEX', 'index'],
]);

/** Parts of relations: their name is the last part, the relation's stands before. */
const parts: ReadonlyMap<unknown, string> = new Map([
  ['OBJECT_COLUMN', 'column'],
  ['OBJECT_TABCONSTRAINT', 'constraint'],
  ['OBJECT_TRIGGER', 'trigger'],
  ['OBJECT_POLICY', 'policy'],
]);

/** COMMENT ON. */
export function comment(fields: Tree, scope: Scope): readonly Change[] {
  const of = commented(fields['objtype'], treeOf(fields['object']), scope);
  if (of === undefined) return [];
  const object = { kind: 'comment', ...of } as const;
  return [{ op: 'create', object, facts: { text: textOf(fields['comment']) }, ifNotExists: false, replace: true }];
}

function commented(kind: unknown, object: Tree, scope: Scope): Name | undefined {
  const { fields } = nodeOf(object);
  const names = nameParts(fields['items']);
  const relation = relations.get(kind);
  if (relation !== undefined) return withKind(relation, relationNamed(scope, names));
  const part = parts.get(kind);
  if (part !== undefined) {
    const table = relationNamed(scope, names.slice(0, -1));
    return table && withKind(part, { schema: table.schema, name: `${table.name}.${names.at(-1) ?? ''}` });
  }
  switch (kind) {
    case 'OBJECT_FUNCTION':
    case 'OBJECT_PROCEDURE':
    case 'OBJECT_ROUTINE':
    case 'OBJECT_AGGREGATE':
      return withKind('function', functionOf(scope, fields));
    case 'OBJECT_TYPE':
    case 'OBJECT_DOMAIN':
      return withKind('type', nameOf(scope, nameParts(fields['names'])));
    case 'OBJECT_SCHEMA':
      return { schema: null, name: `schema|${textOf(fields['sval'])}` };
    default:
      return undefined;
  }
}

function withKind(kind: string, of: Name | undefined): Name | undefined {
  return of && { schema: of.schema, name: `${kind}|${of.name}` };
}
