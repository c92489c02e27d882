import { quoteLiteral } from '../../../sql/quote.ts';
import type { Blocker } from '../../contract/blocker.ts';

/** A blocker, as text: `application “psql” (user ann, pid 12, idle in transaction for 4 min: select …)`. */
function describeOneBlocker(blocker: Blocker): string {
  const { pid, application, user, state, transactionMs, query } = blocker;
  if (pid === 0 && application === '') return 'a prepared transaction (see pg_prepared_xacts)';
  if (pid === 0)
    return `the prepared transaction ${quoteLiteral(application)} (user ${user}, for ${age(transactionMs ?? 0)})`;
  const about = [
    user === '' ? '' : `user ${user}`,
    `pid ${pid}`,
    [state, transactionMs === null ? '' : `${state === '' ? 'in a transaction ' : ''}for ${age(transactionMs)}`]
      .filter((part) => part !== '')
      .join(' '),
  ];
  const name = application === '' ? 'a session' : `application “${application}”`;
  const doing = query === '' || query.startsWith('<insufficient') ? '' : `: ${query}`;
  return `${name} (${about.filter((part) => part !== '').join(', ')}${doing})`;
}

/** The first of the blockers, and how many more there are. */
export function describeBlockers(blockers: readonly Blocker[]): string {
  const [first] = blockers;
  if (first === undefined) return 'another session';
  const more = blockers.length - 1;
  return more === 0 ? describeOneBlocker(first) : `${describeOneBlocker(first)} and ${more} more`;
}

/** How to end a prepared transaction among the blockers; undefined: there is none. */
export function preparedCure(blockers: readonly Blocker[]): string | undefined {
  const prepared = blockers.find(({ pid, application }) => pid === 0 && application !== '');
  if (prepared === undefined) return undefined;
  const gid = quoteLiteral(prepared.application).trim();
  return `No session holds it: its owner must end it with \`COMMIT PREPARED ${gid}\` or \`ROLLBACK PREPARED ${gid}\`. Then run the same command again.`;
}

/** `4 s`, `12 min`, `3 h 5 min` */
export function age(ms: number): string {
  const seconds = Math.max(0, Math.round(ms / 1000));
  if (seconds < 120) return `${seconds} s`;
  const minutes = Math.floor(seconds / 60);
  if (minutes < 120) return `${minutes} min`;
  return `${Math.floor(minutes / 60)} h ${minutes % 60} min`;
}
