import type { Reply, Session } from '../../../contract/ports.ts';

const held = `select classid::bigint, objid::bigint, objsubid, mode from pg_catalog.pg_locks
  where locktype = 'advisory' and pid = pg_catalog.pg_backend_pid() and granted`;

/** Reads the advisory locks that the session holds: session-level ones survive a rollback. */
export function readLocks(session: Session): Promise<Reply> {
  return session.send(held, { rows: 'all' });
}

/** Releases the locks that the session holds now and did not hold before. */
export async function releaseStrayLocks(session: Session, before: Reply): Promise<void> {
  const after = await readLocks(session);
  if (!before.ok || !after.ok) return;
  const known = new Set((before.results[0]?.rows ?? []).map((row) => row.join()));
  const stray = (after.results[0]?.rows ?? []).filter((row) => !known.has(row.join()));
  if (stray.length === 0) return;
  // The last attempt for each lock finds nothing left, and the server warns about that.
  const quietly = "SET LOCAL client_min_messages TO 'error'";
  await session.send([quietly, ...stray.map(release)].map((command) => `${command};\n`).join(''));
}

/** The server counts how often a lock was taken without showing the count, so it is released until it is gone. */
function release([high, low, form, mode]: readonly (string | null)[]): string {
  // Two integers (form 2) or the halves of one bigint; the server shows both unsigned.
  const half = (part: string | null | undefined): number => Number(part) | 0;
  const whole = BigInt.asIntN(64, (BigInt(high ?? 0) << 32n) | BigInt(low ?? 0));
  const key = form === '2' ? `${half(high)}, ${half(low)}` : `(${whole})::bigint`;
  const unlock = `pg_catalog.pg_advisory_unlock${mode === 'ShareLock' ? '_shared' : ''}(${key})`;
  return `with recursive freed(n, done) as (select 1, ${unlock} union all select n + 1, ${unlock} from freed where done and n < 10000)
  select count(*) from freed`;
}
