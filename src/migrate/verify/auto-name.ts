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

function bearsName({ object: own, facts }: Expected, object: Resolved): boolean {
  const there =
    object.kind === 'index'
      ? facts['table']?.startsWith(`${object.schema}.`) === true
      : isPartOf(own, object.schema, object.table ?? '');
  const { auto = '' } = facts;
  // The second one of a name gets a number.
  return there && auto !== '' && object.name.startsWith(auto) && /^\d*$/.test(object.name.slice(auto.length));
}
