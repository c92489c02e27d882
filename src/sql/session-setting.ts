import type { FaultCode } from '../kit/catalogue/index.ts';
import { treesOf, nodeOf, textOf, treeOf, type Tree } from './syntax-tree.ts';

/**
 * The fault for a SET after which the server would read the bytes of the file differently from godwit; otherwise
 * undefined.
 */
export function refusedSetting(node: Tree): FaultCode | undefined {
  const { type, fields } = nodeOf(node);
  if (type !== 'VariableSetStmt' || fields['kind'] !== 'VAR_SET_VALUE') return undefined;
  const value = valueOf(fields).toLowerCase();
  switch (textOf(fields['name']).toLowerCase()) {
    case 'standard_conforming_strings':
      return /^(?:off|of|f|fa|fal|fals|false|n|no|0)$/.test(value) ? 'sql-string-mode' : undefined;
    case 'client_encoding':
      return /^(?:utf-?8|unicode)$/.test(value) ? undefined : 'sql-client-encoding';
    default:
      return undefined;
  }
}

function valueOf(fields: Tree): string {
  const constant = treeOf(treeOf(treesOf(fields['args'])[0])['A_Const']);
  const text = textOf(treeOf(constant['sval'])['sval']);
  if (text !== '' || !('ival' in constant)) return text;
  // The parser omits zero from the tree.
  return treeOf(constant['ival'])['ival'] === undefined ? '0' : 'number';
}
