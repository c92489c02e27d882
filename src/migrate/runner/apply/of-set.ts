import { quoteLiteral } from '../../../sql/quote.ts';
import { defaultSet, isBareId, setIn } from '../../contract/migration-id.ts';

/** The last argument of a record: the set has its own column in the history, so that readers need not parse ids. */
export function ofSet(id: string): string {
  const set = isBareId(id) ? defaultSet : setIn(id);
  return set === defaultSet ? '' : `, of_set => ${quoteLiteral(set)}`;
}
