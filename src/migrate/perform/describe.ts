import { quoteLiteral } from '../../sql/quote.ts';
import { opening } from '../apply/message.ts';
import type { History } from '../history/read-history.ts';
import type { Change } from '../model.ts';
import type { Reply } from '../ports.ts';
import { describeRun } from '../verify/describe-run.ts';
import { noteDrift } from '../verify/note-drift.ts';
import { rebindBaseline } from '../verify/rebind.ts';
import { describingSettings } from '../verify/words/described.ts';
import type { LiveRun } from './live-run.ts';

/** What the server says that the migrations' transactions did. */
export interface Description {
  readonly changes: readonly Change[];
  /** Relations that others hold exclusively: the next run describes them. */
  readonly locked: readonly string[];
}

/** The last message of `runDescription` has been sent; how it went. */
export type Described =
  | { readonly kind: 'described'; readonly description: Description }
  | { readonly kind: 'lost' }
  | { readonly kind: 'refused'; readonly why: string };

/**
 * Sends what a run writes before its first migration: what an earlier run has left undescribed is described, and what has
 * drifted since is marked, so that the end of this run does not take it for its own. Nothing waits for the answers: each
 * message is a transaction of its own that an error ends, and without it only less is known about drift.
 *
 * @returns what could not be compared by OID, in words; empty as a rule
 */
export async function noteState(live: LiveRun, history: Pick<History, 'undescribed' | 'baseline'>): Promise<string> {
  const { baseline } = history;
  const { systemId, databaseOid } = live.server;
  const moved = isElsewhere(live, baseline);
  const identity = `UPDATE godwit.guard SET system_id = ${quoteLiteral(systemId)}, database_oid = ${Number(databaseOid)}, server_major = ${live.major}`;
  await Promise.all([
    ...(moved ? [send(live, [...rebindBaseline(live.major, baseline.major === live.major), identity])] : []),
    ...(history.undescribed ? [send(live, [describeRun(live.major)])] : []),
    send(live, [`${identity} WHERE server_major = 0`, noteDrift(live.major, quoteLiteral(live.run))]),
  ]);
  return moved ? movedText(live, baseline) : '';
}

/** True: the OIDs of the baseline are those of another server, database or major version. */
export function isElsewhere(here: Pick<LiveRun, 'server' | 'major'>, { systemId, databaseOid, major }: History['baseline']): boolean {
  if (major === 0) return false;
  const otherSystem = systemId !== '' && here.server.systemId !== '' && systemId !== here.server.systemId;
  return otherSystem || databaseOid !== here.server.databaseOid || major !== here.major;
}

function movedText({ major }: LiveRun, baseline: History['baseline']): string {
  return baseline.major === major
    ? 'The database is a copy or was restored: the baseline was found again by names.'
    : `The server was PostgreSQL ${baseline.major} and is ${major} now: its own words were taken anew, by names.`;
}

/** Describes what the run did, takes it into the baseline, and tells it. Asked again after a lost answer it finds it done. */
export async function describeChanges(live: LiveRun): Promise<Described> {
  const reply = await send(live, [describeRun(live.major)]);
  if (!reply.ok) return reply.error.lost ? { kind: 'lost' } : { kind: 'refused', why: reply.error.message };
  const rows = reply.results.at(-1)?.rows ?? [];
  return {
    kind: 'described',
    description: {
      changes: rows.flatMap(([change, migration, kind, name, within, drifted]): readonly Change[] =>
        change === 'created' || change === 'changed' || change === 'dropped'
          ? [
              {
                change,
                kind: kind ?? '',
                name: name ?? '',
                migration: migration ?? '',
                within: within === 't',
                hadDrifted: drifted === 't',
              },
            ]
          : [],
      ),
      locked: rows.flatMap(([change, , , name]) => (change === 'locked' ? [name ?? ''] : [])),
    },
  };
}

/** One message without BEGIN: an error ends its transaction, and what was sent behind it is as good as before. */
function send({ session, epoch, head }: LiveRun, statements: readonly string[]): Promise<Reply> {
  const [, ...entered] = opening(epoch, head);
  const begin = 'SET TRANSACTION ISOLATION LEVEL READ COMMITTED READ WRITE';
  const commands = [begin, ...entered, ...describingSettings, ...statements];
  return session.send(commands.map((command) => `${command};\n`).join(''), { rows: 'all' });
}
