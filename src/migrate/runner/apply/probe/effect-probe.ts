import type { RefusedReply, Reply, Session } from '../../../contract/ports.ts';

/**
 * What the catalogue says of a statement's effect. `half`: something is left of it that must be cleared or completed.
 * `unknown`: it cannot be told, and a second execution could do harm.
 */
export type EffectState = 'done' | 'half' | 'absent' | 'unknown';

/** What the catalogue has said, or the error with which the server refused to tell. */
export type ObservedEffect = { readonly ok: true; readonly state: EffectState } | RefusedReply;

/** Values that were noted before a statement ran, by name, as the server wrote them into JSON. */
export type Noted = Readonly<Record<string, unknown>>;

/**
 * How to find out whether a statement outside of transactions took effect, and how to clear a half effect. Objects are
 * known by what was noted before the statement ran: their OIDs, and whether they were there.
 */
export interface EffectProbe {
  /** A SQL expression of type json, evaluated under the file's own settings: what there is before the statement runs. */
  readonly before: string;
  state(session: Session, noted: Noted): Promise<ObservedEffect>;
  /** Clears or completes a half effect. */
  repair(session: Session, noted: Noted): Promise<Reply>;
  /** Names of what the role may not clear: it does no harm but costs. */
  remains?(session: Session, noted: Noted): Promise<readonly string[]>;
  /** True: what was there before may stand in the way of the statement, or let it pass over it. It is asked beforehand. */
  readonly looksFirst?: true;
  /** True: when its statement leaves the file, it does not matter that it took effect. */
  readonly harmless?: true;
}

/** Nothing to be done, as a reply. */
export const nothing: Reply = { ok: true, results: [] };

/** Asks one question of one row, and judges the row. */
export async function judge(
  session: Session,
  query: string,
  verdict: (row: readonly (string | null)[] | undefined) => EffectState,
): Promise<ObservedEffect> {
  const reply = await session.send(query, { rows: 'all' });
  return reply.ok ? { ok: true, state: verdict(reply.results[0]?.rows[0]) } : reply;
}

/** An OID that was noted, as SQL; `null` for what was not there. */
export function oid(noted: Noted, name: string): string {
  const value = noted[name];
  return typeof value === 'number' || (typeof value === 'string' && /^\d+$/.test(value))
    ? `${value}::oid`
    : 'null::oid';
}

/** A list of OIDs that was noted, as SQL. */
export function oids(noted: Noted, name: string): string {
  const value = noted[name];
  const numbers = Array.isArray(value) ? value.map(Number).filter(Number.isSafeInteger) : [];
  return `'{${numbers.join(',')}}'::oid[]`;
}
