import type { Migration, Role } from '../../migrate/contract/model.ts';

/** A squashed migration may have the version of one that it replaces. */
export function analysisKey({ id, replaces }: Migration, role: Role): string {
  return `${id}:${replaces === undefined ? '' : 'squashed:'}${role}`;
}
