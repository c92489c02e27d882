import { listOf, nodeOf, textOf, treeOf, type Tree } from '../../../sql/syntax-tree.ts';
import type { Facts } from '../fact.ts';
import { serialType, typeText } from './type-text.ts';

/** Facts of a ColumnDef. */
export function columnFacts(column: Tree): Facts {
  const typeName = treeOf(column['typeName']);
  const serial = serialType(typeName);
  const type = serial ?? typeText(typeName);
  const facts: Record<string, string> = type === undefined ? {} : { type };
  if (serial !== undefined) Object.assign(facts, { 'not null': 'yes', default: 'yes' });
  for (const node of listOf(column['constraints'])) {
    const constraint = treeOf(node['Constraint']);
    Object.assign(facts, factsOfConstraint(constraint, type));
  }
  return facts;
}

function factsOfConstraint(constraint: Tree, type: string | undefined): Facts {
  switch (constraint['contype']) {
    case 'CONSTR_NOTNULL':
    case 'CONSTR_PRIMARY':
      return { 'not null': 'yes' };
    case 'CONSTR_DEFAULT':
      return defaultFacts(treeOf(constraint['raw_expr']), type);
    case 'CONSTR_IDENTITY':
      return { identity: identityOf(constraint['generated_when']), 'not null': 'yes' };
    case 'CONSTR_GENERATED':
      return { generated: constraint['generated_kind'] === 'v' ? 'virtual' : 'stored' };
    default:
      return {};
  }
}

/** `a` is ALWAYS, `d` is BY DEFAULT. */
export function identityOf(letter: unknown): string {
  return letter === 'a' ? 'always' : 'by default';
}

/**
 * Facts of a DEFAULT's expression; none for NULL, which the server does not store.
 * @param type The column's type, if it is known: without it the server's form of a string cannot be foretold.
 */
export function defaultFacts(expression: Tree, type?: string): Facts {
  const constant = treeOf(bareConstant(expression));
  if (constant['isnull'] === true) return {};
  const text = defaultText(constant, type);
  return text === undefined ? { default: 'yes' } : { default: 'yes', 'default text': text };
}

function bareConstant(expression: Tree): unknown {
  const { type, fields } = nodeOf(expression);
  return type === 'TypeCast' ? bareConstant(treeOf(fields['arg'])) : type === 'A_Const' ? fields : undefined;
}

const numbers = /^(?:smallint|integer|bigint|real|double precision|numeric(?:\(.*\))?)$/;
const texts = /^(?:text|name|bpchar|character(?: varying)?(?:\(\d+\))?)$/;
/** Built-in types that print a string in a form of their own. */
const reformatted =
  /^(?:smallint|integer|bigint|real|double|numeric|boolean|date|time|timestamp|interval|bytea|uuid|inet|cidr|macaddr|money|bit|point|line|lseg|box|path|polygon|circle|xml|tsvector|tsquery|oid|reg|int\d|num|ts|jsonpath|pg_)/;

/** The literal as the server will print it, without quotes and casts; undefined where that is not certain. */
function defaultText(constant: Tree, type: string | undefined): string | undefined {
  if ('boolval' in constant && (type === undefined || type === 'boolean'))
    return treeOf(constant['boolval'])['boolval'] === true ? 'true' : 'false';
  const isNumber = type === undefined || numbers.test(type);
  if ('ival' in constant && isNumber) return String(Number(treeOf(constant['ival'])['ival'] ?? 0));
  if ('fval' in constant && isNumber) {
    const text = textOf(treeOf(constant['fval'])['fval']);
    return /^-?\d+(?:\.\d+)?$/.test(text) ? text : undefined;
  }
  if (!('sval' in constant) || type === undefined) return undefined;
  const text = textOf(treeOf(constant['sval'])['sval']);
  return keepsString(type, text) ? text : undefined;
}

function keepsString(type: string, text: string): boolean {
  if (type.endsWith('[]')) return text === '{}';
  if (texts.test(type)) return !text.includes('\\');
  if (type === 'jsonb') return text === '{}' || text === '[]';
  if (type === 'json') return !text.includes('\\');
  // A label of an enumeration, most likely.
  return !reformatted.test(type) && /^[\w -]+$/.test(text);
}
