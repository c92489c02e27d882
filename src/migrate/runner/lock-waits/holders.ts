import { quoteLiteral } from '../../../sql/quote.ts';
import { lockModes, type Lock, type LockMode } from '../../../sql/locks/lock.ts';
import { blockerColumns } from './lock-wait-snapshot.ts';

/**
 * Queries who holds a lock that conflicts with these now: for a wait that ended before it was observed. The oldest
 * transactions come first; those that queued behind us are young. We no longer hold a lock ourselves.
 */
export function holdersQuery(locks: readonly Lock[]): string | undefined {
  const named = locks.filter(({ on }) => on !== '');
  if (named.length === 0) return undefined;
  const any = named.map(({ on, mode }) => {
    const modes = against(mode).map((one) => quoteLiteral(nameOf(one)));
    return `l.relation = pg_catalog.to_regclass(${quoteLiteral(on)}) and l.mode in (${modes.join(', ')})`;
  });
  return `with held as (
  select distinct coalesce(l.pid, 0) as pid from pg_catalog.pg_locks l
  where l.granted and l.locktype = 'relation'
    and l.database = (select oid from pg_catalog.pg_database where datname = pg_catalog.current_database())
    and (${any.join(' or ')})
)
${blockerColumns}`;
}

/** The modes that conflict with this one. */
function against(mode: LockMode): readonly LockMode[] {
  switch (mode) {
    case 'ACCESS EXCLUSIVE':
      return lockModes;
    case 'EXCLUSIVE':
      return lockModes.slice(1);
    case 'SHARE ROW EXCLUSIVE':
      return lockModes.slice(2);
    case 'SHARE':
      return lockModes.slice(2).filter((one) => one !== 'SHARE');
    default:
      return lockModes.slice(3);
  }
}

/** `SHARE ROW EXCLUSIVE` → `ShareRowExclusiveLock` */
function nameOf(mode: LockMode): string {
  return `${mode.replaceAll(/(\w)(\w*) ?/g, (_, first: string, rest: string) => first + rest.toLowerCase())}Lock`;
}
