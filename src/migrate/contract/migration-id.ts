/** The set of a project that does not name one. */
export const defaultSet = 'app';

/** Allowed names of sets. `file` is reserved for the ids of standalone scripts. */
export const setName = /^(?!file$)[a-z][a-z0-9_-]{0,30}$/;

/**
 * Id of a migration in the history: the version alone in the set `app`, otherwise with the set as a prefix. So one
 * history can hold versions of several sets.
 *
 * @example migrationId('app', '7')     // '7' migrationId('billing', '7') // 'billing:7'
 */
export function migrationId(set: string, version: string): string {
  return set === defaultSet ? version : `${set}:${version}`;
}

/** The version in an id; of a standalone script its name. */
export function versionIn(id: string): string {
  return id.slice(id.indexOf(':') + 1);
}

/** The set that an id belongs to; of a standalone script `file`. */
export function setIn(id: string): string {
  const end = id.indexOf(':');
  return end < 0 ? defaultSet : id.slice(0, end);
}

/** Is this the id of a standalone script, which lives outside every ordered folder? */
export function isBareId(id: string): boolean {
  return id.startsWith('file:');
}

/** Does an id of the history belong to a bundle? */
export function isOf(
  id: string,
  { layout, set }: { readonly layout: 'native' | 'bare'; readonly set: string },
): boolean {
  return setIn(id) === (layout === 'bare' ? 'file' : set);
}
