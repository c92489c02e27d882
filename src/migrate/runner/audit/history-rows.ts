import { err, ok, type Outcome } from '../../../kit/outcome.ts';
import { followHistory } from '../history/history-chain.ts';
import { guardFlaws, partialColumns } from '../history/history-flaws.ts';
import type { HistoryRow } from '../../contract/history-rows.ts';
import type { Hashing, Session } from '../../contract/ports.ts';
import { serverFault } from '../../contract/server-fault.ts';
import { readInParts } from './read-in-parts.ts';

/** The most run ids that are named; the others are only counted. */
const mostNamed = 5;

/** Compares the rows of the whole history with the guard: numbering, heads, length. Returns what differs, as text. */
export async function alteredHistory(
  session: Session,
  hashing: Hashing,
): Promise<Outcome<{ readonly migrations: number; readonly flaws: readonly string[] }>> {
  const chain = followHistory(hashing);
  const read = await readInParts(
    session,
    (last) => `select seq, kind, id, checksum, head from godwit.migration where seq > ${last?.[0] ?? '0'} order by seq`,
    ([seq, kind, id, checksum, head]) =>
      chain.take({
        seq: Number(seq),
        kind: (kind ?? '') as HistoryRow['kind'],
        id: id ?? '',
        checksum: checksum ?? '',
        head: head ?? '',
      }),
  );
  if (!read.ok) return read;
  const reply = await session.send(
    `select seq, head, pg_catalog.to_jsonb(g) from godwit.guard g;
select pg_catalog.string_agg(distinct s.seq::text, ', ') from godwit.statement s where s.seq is not null and not exists (select from godwit.migration m where m.seq = s.seq);
select pg_catalog.string_agg(distinct s.seq::text, ', ') from godwit.statement s join godwit.migration m using (seq)
where s.state <> 'done' or s.migration <> m.id or s.direction <> case m.kind when 'reverted' then 'down' else 'up' end;
select ${partialColumns} from godwit.statement where seq is null order by n;
select pg_catalog.count(*) from godwit.epoch`,
    { rows: 'all' },
  );
  if (!reply.ok) return err(serverFault(reply.error));
  const [guards, , altered, partial, epochs] = reply.results;
  const [length, last, guard] = guards?.rows[0] ?? [];
  const whole = guardFlaws(JSON.parse(guard ?? '{}') as Readonly<Record<string, unknown>>, {
    rows: guards?.rows.length ?? 0,
    partial: partial?.rows ?? [],
    hashing,
  });
  const { migrations, flaws } = chain.against({ seq: Number(length), head: last ?? '' });
  const orphans = reply.results[1]?.rows[0]?.[0];
  const left = orphans == null ? [] : [`statements of migrations that are not there: number ${orphans}`];
  const others = altered?.rows[0]?.[0];
  const changed =
    others == null ? [] : [`statements whose state, direction or migration was changed: number ${others}`];
  const count = epochs?.rows[0]?.[0] ?? '0';
  const doubled = count === '1' ? [] : [`godwit.epoch has ${count} rows`];
  return ok({ migrations, flaws: [...whole, ...doubled, ...flaws, ...left, ...changed] });
}

/** Compares the rows of all runs with their number and the hash over their ids. Returns what differs, as text. */
export async function alteredRuns(
  session: Session,
  hashing: Hashing,
  version: number,
): Promise<Outcome<readonly string[]>> {
  const pruned = version > 2 ? ' union all select n, run from godwit.pruned where gone' : '';
  const flaws: string[] = [];
  let n = 0;
  let head = '';
  const read = await readInParts(
    session,
    (last) =>
      `select n, run from (select n, run from godwit.run${pruned}) every where n > ${last?.[0] ?? '0'} order by n`,
    ([number, run]) => {
      const missing = Number(number) - n - 1;
      if (missing > 0)
        flaws.push(
          missing === 1
            ? `run number ${n + 1} has lost its row`
            : `runs number ${n + 1} to ${Number(number) - 1} have lost their rows`,
        );
      n = Number(number);
      head = hashing
        .sha256()
        .update(`${head}\n${run ?? ''}`)
        .hex();
    },
  );
  if (!read.ok) return read;
  const reply = await session.send(
    `select runs, runs_head from godwit.epoch;
select t.run, pg_catalog.string_agg(t.has, ' and ' order by t.has) from (
  select run, pg_catalog.count(*) || ' events' as has from godwit.event group by run
  union all select run, pg_catalog.count(*) || ' migrations' from godwit.migration group by run) t
where not exists (select from godwit.run r where r.run = t.run) group by t.run order by t.run`,
    { rows: 'all' },
  );
  if (!reply.ok) return err(serverFault(reply.error));
  const [count, last] = reply.results[0]?.rows[0] ?? [];
  const whole = flaws.length === 0;
  if (Number(count) === n + 1) flaws.push(`the newest run, number ${count}, has lost its row`);
  else if (Number(count) > n) flaws.push(`the newest runs, number ${n + 1} to ${count}, have lost their rows`);
  else if (Number(count) < n) flaws.push(`godwit.epoch counts ${count} runs, the newest row has number ${n}`);
  else if (whole && last !== head) flaws.push('the ids of runs, or their order, were changed');
  const left = reply.results[1]?.rows ?? [];
  for (const [run, has] of left.slice(0, mostNamed))
    flaws.push(`run ${run ?? ''} has lost its row; what remains of it: ${has ?? ''}`);
  if (left.length > mostNamed) flaws.push(`${left.length - mostNamed} more runs have lost their rows`);
  return ok(flaws);
}
