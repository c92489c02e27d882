import { nodeOf, textOf, type Tree } from './syntax-tree.ts';

/** Tags of statements that have only one tag. */
const tags: Readonly<Record<string, string>> = {
  InsertStmt: 'INSERT',
  UpdateStmt: 'UPDATE',
  DeleteStmt: 'DELETE',
  MergeStmt: 'MERGE',
  CreateStmt: 'CREATE TABLE',
  IndexStmt: 'CREATE INDEX',
  ViewStmt: 'CREATE VIEW',
  CreateTrigStmt: 'CREATE TRIGGER',
  CreateEventTrigStmt: 'CREATE EVENT TRIGGER',
  AlterEventTrigStmt: 'ALTER EVENT TRIGGER',
  CreateSchemaStmt: 'CREATE SCHEMA',
  CreateSeqStmt: 'CREATE SEQUENCE',
  AlterSeqStmt: 'ALTER SEQUENCE',
  CreateEnumStmt: 'CREATE TYPE',
  CompositeTypeStmt: 'CREATE TYPE',
  CreateRangeStmt: 'CREATE TYPE',
  AlterEnumStmt: 'ALTER TYPE',
  AlterTypeStmt: 'ALTER TYPE',
  CreateDomainStmt: 'CREATE DOMAIN',
  AlterDomainStmt: 'ALTER DOMAIN',
  CreateExtensionStmt: 'CREATE EXTENSION',
  AlterExtensionStmt: 'ALTER EXTENSION',
  AlterExtensionContentsStmt: 'ALTER EXTENSION',
  CreatePolicyStmt: 'CREATE POLICY',
  AlterPolicyStmt: 'ALTER POLICY',
  RuleStmt: 'CREATE RULE',
  CreateCastStmt: 'CREATE CAST',
  CreateConversionStmt: 'CREATE CONVERSION',
  CreateOpClassStmt: 'CREATE OPERATOR CLASS',
  CreateOpFamilyStmt: 'CREATE OPERATOR FAMILY',
  AlterOpFamilyStmt: 'ALTER OPERATOR FAMILY',
  AlterOperatorStmt: 'ALTER OPERATOR',
  CreateTransformStmt: 'CREATE TRANSFORM',
  CreateAmStmt: 'CREATE ACCESS METHOD',
  CreatePLangStmt: 'CREATE LANGUAGE',
  CreateStatsStmt: 'CREATE STATISTICS',
  AlterStatsStmt: 'ALTER STATISTICS',
  CreateFdwStmt: 'CREATE FOREIGN DATA WRAPPER',
  AlterFdwStmt: 'ALTER FOREIGN DATA WRAPPER',
  CreateForeignServerStmt: 'CREATE SERVER',
  AlterForeignServerStmt: 'ALTER SERVER',
  CreateForeignTableStmt: 'CREATE FOREIGN TABLE',
  ImportForeignSchemaStmt: 'IMPORT FOREIGN SCHEMA',
  CreateUserMappingStmt: 'CREATE USER MAPPING',
  AlterUserMappingStmt: 'ALTER USER MAPPING',
  DropUserMappingStmt: 'DROP USER MAPPING',
  CreatePublicationStmt: 'CREATE PUBLICATION',
  AlterPublicationStmt: 'ALTER PUBLICATION',
  CreateSubscriptionStmt: 'CREATE SUBSCRIPTION',
  AlterSubscriptionStmt: 'ALTER SUBSCRIPTION',
  DropSubscriptionStmt: 'DROP SUBSCRIPTION',
  AlterTSDictionaryStmt: 'ALTER TEXT SEARCH DICTIONARY',
  AlterTSConfigurationStmt: 'ALTER TEXT SEARCH CONFIGURATION',
  AlterCollationStmt: 'ALTER COLLATION',
  AlterDefaultPrivilegesStmt: 'ALTER DEFAULT PRIVILEGES',
  CommentStmt: 'COMMENT',
  SecLabelStmt: 'SECURITY LABEL',
  TruncateStmt: 'TRUNCATE TABLE',
  CopyStmt: 'COPY',
  DoStmt: 'DO',
  CallStmt: 'CALL',
  PrepareStmt: 'PREPARE',
  ExecuteStmt: 'EXECUTE',
  ExplainStmt: 'EXPLAIN',
  VariableShowStmt: 'SHOW',
  LockStmt: 'LOCK TABLE',
  ListenStmt: 'LISTEN',
  UnlistenStmt: 'UNLISTEN',
  NotifyStmt: 'NOTIFY',
  LoadStmt: 'LOAD',
  CheckPointStmt: 'CHECKPOINT',
  ClusterStmt: 'CLUSTER',
  ReindexStmt: 'REINDEX',
  RefreshMatViewStmt: 'REFRESH MATERIALIZED VIEW',
  ConstraintsSetStmt: 'SET CONSTRAINTS',
  CreatedbStmt: 'CREATE DATABASE',
  DropdbStmt: 'DROP DATABASE',
  AlterDatabaseStmt: 'ALTER DATABASE',
  AlterDatabaseSetStmt: 'ALTER DATABASE',
  AlterDatabaseRefreshCollStmt: 'ALTER DATABASE',
  CreateTableSpaceStmt: 'CREATE TABLESPACE',
  DropTableSpaceStmt: 'DROP TABLESPACE',
  AlterTableSpaceOptionsStmt: 'ALTER TABLESPACE',
  AlterSystemStmt: 'ALTER SYSTEM',
  CreateRoleStmt: 'CREATE ROLE',
  AlterRoleStmt: 'ALTER ROLE',
  AlterRoleSetStmt: 'ALTER ROLE',
  DropRoleStmt: 'DROP ROLE',
  DropOwnedStmt: 'DROP OWNED',
  ReassignOwnedStmt: 'REASSIGN OWNED',
  DeclareCursorStmt: 'DECLARE CURSOR',
  FetchStmt: 'FETCH',
  ClosePortalStmt: 'CLOSE CURSOR',
  DeallocateStmt: 'DEALLOCATE',
  AlterTableMoveAllStmt: 'ALTER TABLE',
  ReplicaIdentityStmt: 'ALTER TABLE',
};

const objects: Readonly<Record<string, string>> = {
  MATVIEW: 'MATERIALIZED VIEW',
  ACCESS_METHOD: 'ACCESS METHOD',
  FOREIGN_TABLE: 'FOREIGN TABLE',
  FOREIGN_SERVER: 'SERVER',
  FDW: 'FOREIGN DATA WRAPPER',
  EVENT_TRIGGER: 'EVENT TRIGGER',
  OPCLASS: 'OPERATOR CLASS',
  OPFAMILY: 'OPERATOR FAMILY',
  STATISTIC_EXT: 'STATISTICS',
  LARGEOBJECT: 'LARGE OBJECT',
  TSPARSER: 'TEXT SEARCH PARSER',
  TSDICTIONARY: 'TEXT SEARCH DICTIONARY',
  TSTEMPLATE: 'TEXT SEARCH TEMPLATE',
  TSCONFIGURATION: 'TEXT SEARCH CONFIGURATION',
  TABCONSTRAINT: 'TABLE',
  DOMCONSTRAINT: 'DOMAIN',
  ATTRIBUTE: 'TYPE',
};

/** The SQL keywords of an object type: `MATERIALIZED VIEW` for `OBJECT_MATVIEW`. */
export function objectKeywords(objectType: unknown): string {
  const name = textOf(objectType).replace(/^OBJECT_/, '');
  return objects[name] ?? name.replaceAll('_', ' ');
}

/** Columns and constraints are renamed by ALTER of the object that contains them, so the tag names that object. */
function renamed(fields: Tree): string {
  const type = textOf(fields['renameType']);
  if (type !== 'OBJECT_COLUMN' && type !== 'OBJECT_ATTRIBUTE') return objectKeywords(type);
  return objectKeywords(fields['relationType'] ?? 'OBJECT_TABLE');
}

/** The command tag that the server reports for a statement; undefined for node types of a newer grammar. */
export function commandTag(node: Tree): string | undefined {
  const { type, fields } = nodeOf(node);
  const fixed = tags[type];
  if (fixed !== undefined) return fixed;
  switch (type) {
    case 'SelectStmt':
      return fields['intoClause'] === undefined ? 'SELECT' : 'SELECT INTO';
    case 'AlterTableStmt':
      return `ALTER ${objectKeywords(fields['objtype'])}`;
    case 'RenameStmt':
      return `ALTER ${renamed(fields)}`;
    case 'AlterObjectSchemaStmt':
    case 'AlterOwnerStmt':
    case 'AlterObjectDependsStmt':
      return `ALTER ${objectKeywords(fields['objectType'])}`;
    case 'AlterFunctionStmt':
      return `ALTER ${objectKeywords(fields['objtype'])}`;
    case 'CreateFunctionStmt':
      return fields['is_procedure'] === true ? 'CREATE PROCEDURE' : 'CREATE FUNCTION';
    case 'CreateTableAsStmt':
      return fields['objtype'] === 'OBJECT_MATVIEW' ? 'CREATE MATERIALIZED VIEW' : 'CREATE TABLE AS';
    case 'DefineStmt':
      return `CREATE ${objectKeywords(fields['kind'])}`;
    case 'DropStmt':
      return `DROP ${objectKeywords(fields['removeType'])}`;
    case 'GrantStmt':
      return fields['is_grant'] === true ? 'GRANT' : 'REVOKE';
    case 'GrantRoleStmt':
      return fields['is_grant'] === true ? 'GRANT ROLE' : 'REVOKE ROLE';
    case 'VacuumStmt':
      return fields['is_vacuumcmd'] === true ? 'VACUUM' : 'ANALYZE';
    case 'VariableSetStmt':
      return textOf(fields['kind']).startsWith('VAR_RESET') ? 'RESET' : 'SET';
    case 'DiscardStmt':
      return textOf(fields['target']).replace('_', ' ');
    case 'TransactionStmt':
      return transactionTag(textOf(fields['kind']));
    default:
      return undefined;
  }
}

function transactionTag(kind: string): string {
  const name = kind.replace(/^TRANS_STMT_/, '');
  if (name === 'START') return 'START TRANSACTION';
  if (name === 'PREPARE') return 'PREPARE TRANSACTION';
  return name === 'ROLLBACK_TO' ? 'ROLLBACK' : name.replaceAll('_', ' ');
}
