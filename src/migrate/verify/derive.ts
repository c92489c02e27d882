import type { Finding } from '../../kit/finding.ts';
import { listOf, nodeOf, optionOf, textOf, treeOf, type Tree } from '../../sql/syntax-tree.ts';
import type { ParsedStatement } from '../read/parsed-statement.ts';
import { alterTable } from './derive/alter-table.ts';
import { comment } from './derive/comment.ts';
import { changeOwner, drop, rename, setSchema } from './derive/drop-rename.ts';
import { grant } from './derive/grant.ts';
import { createIndex } from './derive/index-facts.ts';
import {
  alterFunction,
  createAggregate,
  createFunction,
  createPolicy,
  createRule,
  createTrigger,
} from './derive/routine.ts';
import { changeRows, commonTables, copy, insert } from './derive/rows.ts';
import { createScope, type Deriver, type Scope } from './derive/scope.ts';
import { select, setVariable } from './derive/select.ts';
import {
  createForeignTable,
  createSequence,
  createTable,
  createTableAs,
  createView,
  refreshView,
} from './derive/table.ts';
import { alterDomain, alterEnum, createComposite, createDomain, createEnum, createRange } from './derive/type-facts.ts';
import type { Change, Effect } from './fact.ts';

const derivers: ReadonlyMap<string, Deriver> = new Map<string, Deriver>([
  ['CreateSchemaStmt', createSchema],
  ['CreateExtensionStmt', createExtension],
  ['CreateStmt', createTable],
  ['CreateForeignTableStmt', createForeignTable],
  ['CreateTableAsStmt', createTableAs],
  ['RefreshMatViewStmt', refreshView],
  ['ViewStmt', createView],
  ['CreateSeqStmt', createSequence],
  ['AlterTableStmt', alterTable],
  ['IndexStmt', createIndex],
  ['CreateFunctionStmt', createFunction],
  ['AlterFunctionStmt', alterFunction],
  ['DefineStmt', (fields, scope) => (fields['kind'] === 'OBJECT_AGGREGATE' ? createAggregate(fields, scope) : [])],
  ['CreateTrigStmt', createTrigger],
  ['CreatePolicyStmt', createPolicy],
  ['RuleStmt', createRule],
  ['CreateEnumStmt', createEnum],
  ['AlterEnumStmt', alterEnum],
  ['CompositeTypeStmt', createComposite],
  ['CreateRangeStmt', createRange],
  ['CreateDomainStmt', createDomain],
  ['AlterDomainStmt', alterDomain],
  ['GrantStmt', grant],
  ['CommentStmt', comment],
  ['DropStmt', drop],
  ['RenameStmt', rename],
  ['AlterObjectSchemaStmt', setSchema],
  ['AlterOwnerStmt', changeOwner],
  ['VariableSetStmt', setVariable],
]);

/** Statements whose effect cannot be seen in their text, or on things that verification does not look at. */
const opaque = new Set([
  'DoStmt',
  'CallStmt',
  'ExecuteStmt',
  'DropOwnedStmt',
  'ReassignOwnedStmt',
  'ImportForeignSchemaStmt',
  'CreateRoleStmt',
  'AlterRoleStmt',
  'AlterRoleSetStmt',
  'DropRoleStmt',
  'GrantRoleStmt',
  'AlterDefaultPrivilegesStmt',
  'AlterDatabaseSetStmt',
  'AlterSystemStmt',
  'CreatePublicationStmt',
  'AlterPublicationStmt',
  'CreateSubscriptionStmt',
  'AlterSubscriptionStmt',
  'CreateEventTrigStmt',
  'CreateForeignServerStmt',
  'CreateUserMappingStmt',
  'CreateCastStmt',
  'CreateOpClassStmt',
  'CreateOpFamilyStmt',
  'CreateStatsStmt',
  'CreateTableSpaceStmt',
  'CreatedbStmt',
  'SecLabelStmt',
]);

/**
 * Derives what the statements of one file do to objects and rows, in their order. What their text does not tell is left
 * out: a fact is stated only where it is certain.
 *
 * @param statements the statements of one file, in order
 * @returns effects, each with the place of its statement; findings about statements that could not be understood
 * @example
 * ```ts
 * const { effects } = deriveEffects(statements); // create table t (id bigint not null)
 * effects.map(({ op }) => op); // ['create', 'create']: the table and its column
 * ```
 */
export function deriveEffects(statements: readonly ParsedStatement[]): {
  readonly effects: readonly Effect[];
  readonly findings: readonly Finding[];
} {
  const scope = createScope();
  const effects = statements.flatMap((parsed) =>
    changesOf(parsed, scope).map((change): Effect => ({ ...change, where: parsed.where })),
  );
  return { effects, findings: [] };
}

function changesOf(parsed: ParsedStatement, scope: Scope): readonly Change[] {
  const { type, fields } = nodeOf(parsed.node);
  const before = commonTables(fields, scope);
  switch (type) {
    case 'InsertStmt':
      return [...before, ...insert(parsed, fields, scope)];
    case 'CopyStmt':
      return copy(parsed, fields, scope);
    case 'SelectStmt':
      return [...before, ...select(fields, scope, parsed.statement.tag)];
    case 'UpdateStmt':
    case 'DeleteStmt':
    case 'MergeStmt':
    case 'TruncateStmt':
      return [...before, ...changeRows(type, fields, scope)];
    default:
      return opaque.has(type) ? [{ op: 'opaque', tag: parsed.statement.tag }] : derived(type, fields, scope);
  }
}

function derived(type: string, fields: Tree, scope: Scope): readonly Change[] {
  return derivers.get(type)?.(fields, scope) ?? [];
}

/** CREATE SCHEMA, with the objects that may be written inside of it. */
function createSchema(fields: Tree, scope: Scope): readonly Change[] {
  const role = treeOf(fields['authrole']);
  // AUTHORIZATION alone names the schema after the role.
  const name = textOf(fields['schemaname']) || textOf(role['rolename']);
  if (name === '') return [];
  const inside: Scope = { ...scope, path: name };
  const object = { kind: 'schema', schema: null, name } as const;
  const elements = listOf(fields['schemaElts']).flatMap((node) => {
    const { type, fields: element } = nodeOf(node);
    return derived(type, element, inside);
  });
  return [{ op: 'create', object, facts: {}, ifNotExists: fields['if_not_exists'] === true }, ...elements];
}

function createExtension(fields: Tree): readonly Change[] {
  const version = textOf(treeOf(treeOf(optionOf(fields['options'], 'new_version')?.['arg'])['String'])['sval']);
  const object = { kind: 'extension', schema: null, name: textOf(fields['extname']) } as const;
  const facts: Record<string, string> = version === '' ? {} : { version };
  return [{ op: 'create', object, facts, ifNotExists: fields['if_not_exists'] === true }];
}
