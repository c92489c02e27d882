/**
 * Condition on `godwit.guard`: a run through a pooler holds the database. Its lease has not expired; or it has, because
 * the message that would renew it is still executing, under the run's name.
 */
export const leaseHeld: string = `(holder <> '' and (leased_until > clock_timestamp() or exists (
  select from pg_catalog.pg_stat_activity a where a.application_name = 'godwit ' || holder
    and a.datname = pg_catalog.current_database() and a.state is distinct from 'idle')))`;
