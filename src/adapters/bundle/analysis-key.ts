import type { Migration, Role } from '../../migrate/contract/model.ts';

/** A squashed migration can have the same version as one that it replaces. */
export function analysisKey({ id, replaces }: Migration, role: Role): string {
  return `${id}:${replaces === undefined ? '' : 'squashed:'}${role}`;
}
