import { quoteIdent } from '../../../sql/quote.ts';
import type { ObjectKind } from '../../contract/catalogue-object.ts';
import type { DescribedObject } from './draft-object.ts';
import { wordOf } from './draft-object.ts';
import { functionArguments, keywordOf, simpleName } from './names.ts';

/** A statement of a draft, or as text what cannot be done. */
export type DraftStatement = { readonly sql: string } | { readonly gap: string };

/** The home of a part, by its kind and its name at that time. */
export interface PartHome {
  readonly kind: ObjectKind;
  readonly name: string;
}

/** Kinds that have a DROP of their own, with their name behind it. */
const droppable: ReadonlySet<ObjectKind> = new Set<ObjectKind>([
  'table',
  'view',
  'materialized view',
  'foreign table',
  'sequence',
  'composite type',
  'type',
  'domain',
  'function',
  'procedure',
  'schema',
  'index',
  'statistics',
  'extension',
  'operator',
  'operator class',
  'operator family',
  'event trigger',
  'publication',
  'cast',
  'collation',
  'conversion',
  'transform',
  'text search configuration',
  'text search dictionary',
  'text search parser',
  'text search template',
  'language',
  'foreign-data wrapper',
  'server',
  'access method',
]);

/** Undoes the creation of an object. */
export function dropStatement(
  object: Pick<DescribedObject, 'kind' | 'name' | 'words'>,
  home: PartHome,
): DraftStatement {
  const { kind, name } = object;
  const own = simpleName(name);
  switch (kind) {
    case 'column':
      if (home.kind === 'composite type') return { sql: `ALTER TYPE ${home.name} DROP ATTRIBUTE ${own}` };
      return { sql: `ALTER ${keywordOf(home.kind)} ${home.name} DROP COLUMN ${own}` };
    case 'constraint':
      return {
        sql: `ALTER ${home.kind === 'domain' ? 'DOMAIN' : keywordOf(home.kind)} ${home.name} DROP CONSTRAINT ${own}`,
      };
    case 'trigger':
    case 'rule':
    case 'policy':
      return { sql: `DROP ${keywordOf(kind)} ${own} ON ${home.name}` };
    case 'aggregate':
      return { sql: `DROP AGGREGATE ${functionArguments(name) === '()' ? `${name.slice(0, -2)}(*)` : name}` };
    case 'default acl':
      return defaultPrivileges(object, 'REVOKE');
    default:
      if (!droppable.has(kind)) return { gap: `${kind} ${name}: it remains.` };
      if (wordOf(object, 'base') !== undefined)
        return {
          gap: `type ${name}: a base type and its functions need each other. Drop them with DROP TYPE … CASCADE.`,
        };
      return { sql: `DROP ${keywordOf(kind)} ${name}` };
  }
}

/**
 * Default privileges of one schema list everything that is granted there; global ones are mixed with the built-in
 * defaults.
 */
export function defaultPrivileges(
  { name, words }: Pick<DescribedObject, 'name' | 'words'>,
  verb: 'GRANT' | 'REVOKE',
): DraftStatement {
  const [, role, schema, what] = /^for role (.+) in schema (.+) on (\w+)$/.exec(name) ?? [];
  const grants = words.map((word) => /^grant: ([A-Z ]+) to (.+?)( with grant option)?$/.exec(word));
  if (role === undefined || schema === undefined || what === undefined || grants.includes(null))
    return { gap: `default privileges ${name}: they remain unchanged.` };
  const text = grants.map(
    (grant) =>
      `ALTER DEFAULT PRIVILEGES FOR ROLE ${role} IN SCHEMA ${schema} ${verb} ${grant?.[1] ?? ''} ON ${what.toUpperCase()} ${verb === 'GRANT' ? 'TO' : 'FROM'} ${roleName(grant?.[2] ?? '')}${verb === 'GRANT' && grant?.[3] !== undefined ? ' WITH GRANT OPTION' : ''}`,
  );
  return { sql: text.join(';\n') };
}

/** A role as SQL writes it; the definition holds its unquoted name. */
export function roleName(role: string): string {
  return role === 'public' ? 'PUBLIC' : quoteIdent(role);
}
