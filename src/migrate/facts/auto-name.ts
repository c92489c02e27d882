import { isPartOf, keyOf, type Expected, type FoldState, type Resolved } from './expected.ts';

/**
 * Statements may name a constraint or index by the name that PostgreSQL has chosen for it. Where no statement has given
 * that name, the unnamed object that it stands for gets it now.
 */
export function nameByServer(state: FoldState, object: Resolved): void {
  if (object.name === '' || !['constraint', 'index'].includes(object.kind) || state.objects.has(keyOf(object))) return;
  for (const [key, known] of state.objects) {
    if (known.object.name !== '' || known.object.kind !== object.kind || !bearsName(known, object)) continue;
    state.objects.delete(key);
    const named = { ...known, object: { ...known.object, name: object.name } };
    state.objects.set(keyOf(named.object), named);
    return;
  }
}

function bearsName(known: Expected, object: Resolved): boolean {
  if (object.kind === 'index') {
    const [schema = '', table = ''] = (known.facts['table'] ?? '').split('.');
    return (
      schema === object.schema &&
      isName(object.name, table, known.facts['keys']?.replaceAll('(expression)', 'expr'), 'idx')
    );
  }
  if (!isPartOf(known.object, object.schema, object.table ?? '')) return false;
  const suffix = suffixes[known.facts['type'] ?? ''] ?? '';
  const table = object.table ?? '';
  // Which columns a check uses is not among its facts.
  if (suffix === 'check') return object.name.startsWith(`${table}_`) && /_check\d*$/.test(object.name);
  return isName(object.name, table, suffix === 'pkey' ? '' : known.facts['columns'], suffix);
}

const suffixes: Readonly<Record<string, string>> = {
  'primary key': 'pkey',
  unique: 'key',
  'foreign key': 'fkey',
  check: 'check',
  exclude: 'excl',
};

/** `table_column_column_key`, perhaps with a number behind it. */
function isName(name: string, table: string, columns: string | undefined, suffix: string): boolean {
  const parts = [table, ...(columns === undefined || columns === '' ? [] : columns.split(',')), suffix];
  const stem = parts.join('_');
  return name === stem || (name.startsWith(stem) && /^\d+$/.test(name.slice(stem.length)));
}
