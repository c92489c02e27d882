import { fault } from '../../kit/fault.ts';
import type { Finding } from '../../kit/finding.ts';
import { quoteLiteral } from '../../sql/quote.ts';
import type { Session } from '../ports.ts';
import type { RunnerPorts } from '../runner-ports.ts';
import { serverFault } from '../server-fault.ts';
import { verdictOf, wellDone, type Verdict } from './verdict.ts';

interface EventRow {
  readonly n: number;
  readonly kind: string;
  readonly body: string;
  readonly previous: string;
  readonly hash: string;
}

/**
 * Recomputes the audit chains: each event's hash over the one before it, the run's head over the last, and one
 * `applied` event for each row of the history.
 *
 * @param subject the run's id or its beginning; empty for all runs
 */
export async function verifyChains(session: Session, ports: RunnerPorts, subject: string): Promise<Verdict> {
  const where = `where r.run like ${quoteLiteral(`${subject.replaceAll(/[\\%_]/g, String.raw`\$&`)}%`)}`;
  const reply = await session.send(
    `select r.run, r.events, r.event_head, (select count(*) from godwit.migration m where m.run = r.run) from godwit.run r ${where} order by r.started_at;
select r.run, e.n, e.kind, e.body, e.previous, e.hash from godwit.event e join godwit.run r using (run) ${where} order by r.started_at, r.run, e.n`,
    { rows: 'all' },
  );
  if (!reply.ok) return verdictOf(serverFault(reply.error));
  const [runs, events] = reply.results;
  const byRun = new Map<string, EventRow[]>();
  for (const row of events?.rows ?? []) {
    const run = row[0] ?? '';
    const rows = byRun.get(run) ?? [];
    rows.push(eventRow(row));
    byRun.set(run, rows);
  }
  const findings: Finding[] = [];
  for (const [run, count, head, migrations] of runs?.rows ?? []) {
    const rows = byRun.get(run ?? '') ?? [];
    const why = brokenLink(
      ports,
      { run: run ?? '', head: head ?? '', count: Number(count), migrations: Number(migrations) },
      rows,
    );
    ports.emit({ kind: 'chain', run: run ?? '', events: rows.length, ok: why === '', why });
    if (why !== '') findings.push(fault('audit-broken', { why: `Run ${run}: ${why}` }));
  }
  if (subject !== '' && (runs?.rows.length ?? 0) === 0)
    return verdictOf(fault('unknown-run', { why: `No run begins with "${subject}".` }));
  for (const finding of findings) ports.emit({ kind: 'finding', finding });
  return findings.length > 0 ? verdictOf(...findings) : wellDone();
}

function eventRow(row: readonly (string | null)[]): EventRow {
  return { n: Number(row[1]), kind: row[2] ?? '', body: row[3] ?? '', previous: row[4] ?? '', hash: row[5] ?? '' };
}

interface ChainHead {
  readonly run: string;
  readonly head: string;
  readonly count: number;
  readonly migrations: number;
}

/** What is wrong with the chain, in words; empty when nothing is. */
function brokenLink(ports: RunnerPorts, chain: ChainHead, rows: readonly EventRow[]): string {
  let previous = '';
  for (const [index, row] of rows.entries()) {
    if (row.n !== index + 1) return `event ${index + 1} is missing`;
    if (row.previous !== previous) return `event ${row.n} does not follow the one before it`;
    const text = `${previous}\n${chain.run}\n${row.n}\n${row.kind}\n${row.body}`;
    if (ports.hashing.sha256().update(text).hex() !== row.hash) return `event ${row.n} (${row.kind}) was changed`;
    previous = row.hash;
  }
  if (rows.length !== chain.count) return `${chain.count} events were written, ${rows.length} are there`;
  if (previous !== chain.head) return 'the head of the chain was changed';
  const recorded = rows.filter((row) => ['applied', 'reverted', 'adopted', 'baseline'].includes(row.kind)).length;
  if (recorded !== chain.migrations)
    return `${recorded} migrations are in the audit, ${chain.migrations} in the history`;
  return '';
}
