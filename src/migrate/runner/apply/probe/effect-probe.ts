import type { RefusedReply, Reply, Session } from '../../../contract/ports.ts';

/**
 * The effect of a statement according to the catalogue. `half`: something remains that must be cleared or completed.
 * `unknown`: it cannot be determined, and a second execution could do harm.
 */
export type EffectState = 'done' | 'half' | 'absent' | 'unknown';

/** The answer of the catalogue, or the error of the server. */
export type ObservedEffect = { readonly ok: true; readonly state: EffectState } | RefusedReply;

/** Values that were noted before a statement ran, by name, as the server wrote them into JSON. */
export type Noted = Readonly<Record<string, unknown>>;

/**
 * How to find out whether a statement outside transactions took effect, and how to clear a half effect. Objects are
 * identified by what was noted before the statement ran: their OIDs, and whether they existed.
 */
export interface EffectProbe {
  /** A SQL expression of type json, evaluated under the file's own settings: what exists before the statement runs. */
  readonly before: string;
  state(session: Session, noted: Noted): Promise<ObservedEffect>;
  /** Clears or completes a half effect. */
  repair(session: Session, noted: Noted): Promise<Reply>;
  /** Names of leftovers that the role may not clear: harmless but costly. */
  remains?(session: Session, noted: Noted): Promise<readonly string[]>;
  /** True: existing objects may block the statement, or make it skip its work, so the probe is asked before it. */
  readonly looksFirst?: true;
  /** True: if the statement is removed from the file, its effect does not matter. */
  readonly harmless?: true;
}

/** The reply when there is nothing to do. */
export const nothing: Reply = { ok: true, results: [] };

/** Sends a query of one row, and judges the row. */
export async function queryEffect(
  session: Session,
  query: string,
  verdict: (row: readonly (string | null)[] | undefined) => EffectState,
): Promise<ObservedEffect> {
  const reply = await session.send(query, { rows: 'all' });
  return reply.ok ? { ok: true, state: verdict(reply.results[0]?.rows[0]) } : reply;
}

/** An OID that was noted, as SQL; `null` for an object that did not exist. */
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
