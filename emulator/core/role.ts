import type { RecordedCall } from './world.ts';

/** One permission that was used, and the resources that it was used on. */
export interface UsedPermission {
  readonly permission: string;
  readonly resources: readonly string[];
}

/**
 * The smallest set of permissions with which the calls of a principal would have had the same results: derived from the
 * permissions of calls that IAM did not refuse.
 *
 * @example
 * cloud.role('user:dev@example.com').map(({ permission }) => permission);
 */
export function leastRole(calls: readonly RecordedCall[], principal: string): readonly UsedPermission[] {
  const used = new Map<string, Set<string>>();
  for (const call of calls) {
    if (call.principal !== principal || call.status === 'PERMISSION_DENIED' || call.status === 'UNAUTHENTICATED')
      continue;
    for (const { permission, resource } of call.needs)
      used.set(permission, (used.get(permission) ?? new Set()).add(resource));
  }
  return [...used]
    .map(([permission, resources]) => ({ permission, resources: [...resources].sort() }))
    .sort((a, b) => (a.permission < b.permission ? -1 : 1));
}
