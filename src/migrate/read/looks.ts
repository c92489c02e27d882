import { treesOf, nameParts, nodeOf, textOf, treeOf, type Tree } from '../../sql/syntax-tree.ts';
import type { Look } from '../contract/look.ts';
import type { Directives } from '../contract/model.ts';
import type { ParsedStatement } from './parsed-statement.ts';

type UnplacedLook = Omit<Look, 'statement'>;

/**
 * What to check after statements that can succeed without doing what they say. A file with `allow=existing` accepts
 * that.
 *
 * @param statements of one file, in order
 */
export function looksOf(
  statements: readonly ParsedStatement[],
  directives: Pick<Directives, 'allow'>,
): readonly Look[] {
  if (directives.allow.some(({ rule }) => rule === 'existing')) return [];
  return statements.flatMap(({ node }, statement) => {
    const { type, fields } = nodeOf(node);
    return (readers[type]?.(fields) ?? []).map((look) => ({ statement, ...look }));
  });
}

const readers: Readonly<Record<string, (fields: Tree) => readonly UnplacedLook[]>> = {
  CreateStmt: (fields) => (fields['if_not_exists'] === true ? made(fields, 'relation', 'a table', 'rp') : []),
  CreateForeignTableStmt: (fields) => {
    const base = treeOf(fields['base'] ?? fields['base_stmt']);
    return base['if_not_exists'] === true ? made(base, 'relation', 'a foreign table', 'f') : [];
  },
  CreateSeqStmt: (fields) => (fields['if_not_exists'] === true ? made(fields, 'sequence', 'a sequence', 'S') : []),
  CreateTableAsStmt(fields) {
    if (fields['if_not_exists'] !== true) return [];
    const view = fields['objtype'] === 'OBJECT_MATVIEW';
    const into = treeOf(fields['into']);
    return view ? made(into, 'rel', 'a materialized view', 'm') : made(into, 'rel', 'a table', 'rp');
  },
  IndexStmt(fields) {
    const name = textOf(fields['idxname']);
    // A concurrent build has its own probe.
    if (fields['if_not_exists'] !== true || name === '' || fields['concurrent'] === true) return [];
    const table = treeOf(fields['relation']);
    const on = { schema: schemaOf(table), on: textOf(table['relname']) };
    return [{ what: 'an index', kinds: 'iI', name, ...on, columns: [] }];
  },
  AlterTableStmt(fields) {
    if (fields['objtype'] !== 'OBJECT_TABLE') return [];
    const table = treeOf(fields['relation']);
    const columns = treesOf(fields['cmds']).flatMap((node) => {
      const command = treeOf(node['AlterTableCmd']);
      const adds = command['subtype'] === 'AT_AddColumn' && command['missing_ok'] === true;
      return adds ? columnOf(treeOf(command['def'])) : [];
    });
    const name = textOf(table['relname']);
    if (columns.length === 0) return [];
    return [{ what: 'a table', kinds: 'rpfmvc', schema: schemaOf(table), name, found: true, columns }];
  },
};

function made(fields: Tree, key: string, what: string, kinds: string): readonly UnplacedLook[] {
  const relation = treeOf(fields[key]);
  if (relation['relpersistence'] === 't' || textOf(relation['schemaname']) === 'pg_temp') return [];
  const columns = treesOf(fields['tableElts']).flatMap(columnOf);
  return [{ what, kinds, schema: schemaOf(relation), name: textOf(relation['relname']), columns }];
}

function schemaOf(relation: Tree): string | null {
  return textOf(relation['schemaname']) || null;
}

function columnOf(element: Tree): UnplacedLook['columns'] {
  const column = treeOf(element['ColumnDef']);
  const name = textOf(column['colname']);
  if (name === '') return [];
  const type = plainType(treeOf(column['typeName']));
  return [{ name, ...(type === undefined ? {} : { type }) }];
}

const serials = /^(small|big)?serial[248]?$/;

/** A type by its own name, which the server can look up; one in a schema may be hidden from the role. */
function plainType(type: Tree): string | undefined {
  const parts = nameParts(type['names']);
  const name = parts.at(-1) ?? '';
  if (name === '' || serials.test(name) || (parts.length > 1 && parts[0] !== 'pg_catalog')) return undefined;
  const array = treesOf(type['arrayBounds']).length > 0 ? '[]' : '';
  return `${parts.map((part) => `"${part.replaceAll('"', '""')}"`).join('.')}${array}`;
}
