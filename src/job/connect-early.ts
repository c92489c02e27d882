import type { Outcome } from '../kit/outcome.ts';
import type { Connector, Notice, Session, SessionOptions } from '../migrate/contract/ports.ts';

/** A connection that is under way before anybody has asked for it. */
export interface EarlyConnection {
  /** The first session that is asked for is the one that is under way, if its terms are the same. */
  readonly connector: Connector;
  /** Nobody is going to ask for it. */
  abandon(): void;
}

/** Begins to connect at once. What the server says meanwhile is kept for whoever takes over the session. */
export function connectEarly(connector: Connector, terms: SessionOptions, signal: AbortSignal): EarlyConnection {
  const given = new AbortController();
  const kept: Notice[] = [];
  let hear = (notice: Notice): void => void kept.push(notice);
  let early: Promise<Outcome<Session>> | undefined = connector.open({
    ...terms,
    onNotice: (notice) => hear(notice),
    signal: AbortSignal.any([signal, given.signal]),
  });
  // Whoever takes it over is told; until then, a bug in connecting must not end the process.
  early.catch(() => {});
  const abandon = (): void => {
    const left = early;
    early = undefined;
    given.abort();
    void left?.then((opened) => (opened.ok ? opened.value.close() : undefined)).catch(() => {});
  };
  return {
    abandon,
    connector: {
      ...connector,
      open: (asked) => {
        if (early !== undefined && !sameTerms(terms, asked)) abandon();
        if (early === undefined) return connector.open(asked);
        const taken = early;
        early = undefined;
        hear = (notice) => asked.onNotice?.(notice);
        kept.forEach(hear);
        return taken;
      },
    },
  };
}

function sameTerms(one: SessionOptions, other: SessionOptions): boolean {
  return termsText(one) === termsText(other);
}

function termsText({ pipelined, pooled = false, applicationName, settings }: SessionOptions): string {
  return JSON.stringify([pipelined, pooled, applicationName, Object.entries(settings)]);
}
