import { searchPathAfter } from './search-path.ts';
import { nameParts, nodeOf, textOf, treeOf, treesOf, type Tree } from './syntax-tree.ts';

/** The schema of the history, which runners alone write. */
const own = 'godwit';

/** Statements that leave the tables that they name as they are. */
const harmless = new Set([
  'LockStmt',
  'VacuumStmt',
  'ReindexStmt',
  'ClusterStmt',
  'CreatePublicationStmt',
  'AlterPublicationStmt',
  'TableLikeClause',
]);

/** Fields with tables that a statement only reads, and fields with the type of a column or argument. */
const reading = new Set(['fromClause', 'usingClause', 'sourceRelation', 'returnType', 'argType', 'objargs']);

/** Fields with the name of an object as a list of parts. */
const naming = new Set(['object', 'objects', 'items', 'objname', 'funcname', 'defnames', 'domainname', 'typeName']);

/**
 * Does this statement change schema `godwit`, call its functions, or make the session look there for names? Queries of
 * its tables, views over them, and the right to read them are not meant.
 */
export function changesOwnSchema(node: Tree, text: string): boolean {
  // A name may also be spelt with escapes: U&"god\0077it".
  if (!/godwit|u&"/i.test(text)) return false;
  const { type, fields } = nodeOf(node);
  if (type === 'GrantStmt' && givesReading(fields)) return false;
  const path = searchPathAfter(node, undefined) ?? searchPathAfter({ VariableSetStmt: fields['setstmt'] }, undefined);
  return (
    path?.includes(own) === true || names(node, ofTable.test(textOf(fields['objtype'] ?? fields['removeType'])) ? 3 : 2)
  );
}

/** These have the name of their table before their own. */
const ofTable = /_(?:COLUMN|TRIGGER|POLICY|RULE|TABCONSTRAINT)$/;

function givesReading({ privileges, grantees }: Tree): boolean {
  const rights = treesOf(privileges).map((right) => textOf(treeOf(right['AccessPriv'])['priv_name']));
  const toAll = treesOf(grantees).some((role) => treeOf(role['RoleSpec'])['roletype'] === 'ROLESPEC_PUBLIC');
  return rights.length > 0 && rights.every((right) => /^(?:select|usage)$/.test(right)) && !toAll;
}

function names(node: Tree, least: number): boolean {
  // With a list of its own: an expression may be nested more deeply than functions can call each other.
  const left: (readonly [key: string, value: unknown])[] = [['', node]];
  for (let next = left.pop(); next !== undefined; next = left.pop()) {
    const [key, value] = next;
    if (Array.isArray(value)) {
      const parts = naming.has(key) ? nameParts(value) : [];
      if (parts.length >= least && parts[0] === own) return true;
      for (const inner of value as readonly unknown[]) left.push([key, inner]);
      continue;
    }
    const tree = treeOf(value);
    if (tree['schemaname'] === own || tree['newschema'] === own || tree['local_schema'] === own) return true;
    if (namesSchema(tree)) return true;
    for (const [name, inner] of Object.entries(tree)) {
      if (reading.has(name) || harmless.has(name)) continue;
      if (name === 'CopyStmt' && treeOf(inner)['is_from'] !== true) left.push(['', treeOf(inner)['query']]);
      // DROP TYPE names a type; elsewhere a type is only used.
      else if (name === 'TypeName' || (name === 'names' && key === 'objects')) left.push([key, inner]);
      else left.push([name, inner]);
    }
  }
  return false;
}

/** Does this part name the schema itself, as ALTER SCHEMA, GRANT … IN SCHEMA and CREATE EXTENSION … SCHEMA do? */
function namesSchema(tree: Tree): boolean {
  const kinds = [tree['removeType'], tree['renameType'], tree['objectType'], tree['objtype']];
  const { object, objects, defname, arg } = tree;
  if (kinds.includes('OBJECT_SCHEMA') && [tree['subname'], tree['newname']].includes(own)) return true;
  const listed = kinds.includes('OBJECT_SCHEMA') || tree['targtype'] === 'ACL_TARGET_ALL_IN_SCHEMA';
  if (listed && nameParts([object, ...treesOf(objects)].map(treeOf)).includes(own)) return true;
  if (defname !== 'schema' && defname !== 'schemas') return false;
  return nameParts([arg, ...treesOf(treeOf(treeOf(arg)['List'])['items'])].map(treeOf)).includes(own);
}

const writing =
  /\b(?:(?:insert|merge)\s+into|update|delete\s+from|truncate|copy|(?:drop|alter|create)(?:\s+[a-z]+){1,6})(?:\s+(?:table|only)){0,2}\s+("?)godwit\1\s*(?:[.;\s)]|$)/i;

/**
 * Does the text inside this DO block or function seem to change schema `godwit`? It is text of another language: what it
 * does is known when it runs.
 */
export function bodyChangesOwnSchema(node: Tree): boolean {
  const { type, fields } = nodeOf(node);
  const options = type === 'DoStmt' ? fields['args'] : type === 'CreateFunctionStmt' ? fields['options'] : undefined;
  return treesOf(options).some((option) => {
    const { defname, arg } = treeOf(option['DefElem']);
    if (defname === 'set') return searchPathAfter(treeOf(arg), undefined)?.includes(own) === true;
    const parts = [arg, ...treesOf(treeOf(treeOf(arg)['List'])['items'])].map(treeOf);
    return defname === 'as' && nameParts(parts).some((body) => writing.test(body));
  });
}
