import type { ReadStatements } from '../../plan/what-changed.ts';
import type { Session } from '../../contract/ports.ts';

/** Reads the statements of one row of the history as they were executed. */
export function readStatements(session: Session): ReadStatements {
  return async (seq) => {
    const reply = await session.send(
      `select tag, count, hash from godwit.statement where seq = ${Math.trunc(seq)} order by ordinal`,
      { rows: 'all' },
    );
    if (!reply.ok) return undefined;
    return (reply.results[0]?.rows ?? []).map(([tag, count, hash]) => ({
      tag: tag ?? '',
      count: Number(count),
      hash: hash ?? '',
    }));
  };
}
