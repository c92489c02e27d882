/** The set of a project that names none. */
export const defaultSet = 'app';

/** What the name of a set may be. `file` is the key space of bare files. */
export const setName = /^(?!file$)[a-z][a-z0-9_-]{0,30}$/;

/**
 * Id of a migration in the history: the version alone in the set `app`, else with the set in front of it. So versions of
 * several sets stand in one history.
 *
 * @example
 * migrationId('app', '7')     // '7'
 * migrationId('billing', '7') // 'billing:7'
 */
export function migrationId(set: string, version: string): string {
  return set === defaultSet ? version : `${set}:${version}`;
}

/** The version in an id; of a bare file its name. */
export function versionIn(id: string): string {
  return id.slice(id.indexOf(':') + 1);
}

/** The set that an id belongs to; of a bare file `file`. */
export function setIn(id: string): string {
  const end = id.indexOf(':');
  return end < 0 ? defaultSet : id.slice(0, end);
}

/** Is this id one of a bare file, which lives outside of every ordered folder? */
export function isBareId(id: string): boolean {
  return id.startsWith('file:');
}

/** Which ids of the history a bundle is about. */
export function isOf(
  id: string,
  { layout, set }: { readonly layout: 'native' | 'bare'; readonly set: string },
): boolean {
  return setIn(id) === (layout === 'bare' ? 'file' : set);
}
