import type { FaultCode } from '../../kit/catalogue/index.ts';
import type { Outcome } from '../../kit/outcome.ts';
import type { Connector, Notice, Reply, Session, SessionOptions } from '../../migrate/contract/ports.ts';

/** A connector whose first session is under way. */
export interface BegunConnector {
  readonly connector: Connector;
  /** Gives up the session if nobody has taken it. Nothing waits for that. */
  leave(): void;
}

/** These may be the fault of a process that was too busy to answer. */
const passing: ReadonlySet<string> = new Set(['connection-timeout', 'connection-closed'] satisfies FaultCode[]);

/**
 * Begins a session before somebody asks for it: the network and the server work while this process does something else.
 * The first `open` that asks for it gets it, with its errors.
 *
 * @param expected what the first session will be opened with
 * @param messages what will be sent first, with all rows kept; they are sent at once, and must only read
 */
export function beginSession(
  connector: Connector,
  expected: SessionOptions,
  messages: readonly string[],
): BegunConnector {
  const leaving = new AbortController();
  const notices = createNotices();
  let settled = false;
  const opening = connector.open({ ...expected, onNotice: notices.take, signal: leaving.signal }).then((opened) => {
    settled = true;
    return opened.ok ? { ok: true as const, value: withMessagesSent(opened.value, messages) } : opened;
  });
  // Whoever takes the session gets the error.
  opening.catch(() => {});
  let taken = false;

  async function take(options: SessionOptions): Promise<Outcome<Session>> {
    const failedBefore = settled;
    const giveUp = (): void => leaving.abort();
    if (options.signal?.aborted === true) giveUp();
    options.signal?.addEventListener('abort', giveUp);
    notices.passTo(options.onNotice);
    const opened = await opening;
    options.signal?.removeEventListener('abort', giveUp);
    const isPassing = !opened.ok && failedBefore && opened.findings.some(({ code }) => passing.has(code));
    return isPassing ? await connector.open(options) : opened;
  }

  function leave(): void {
    if (taken) return;
    taken = true;
    leaving.abort();
    opening.then(
      (opened) => opened.ok && opened.value.leave(),
      () => {},
    );
  }

  return {
    connector: {
      ...connector,
      async open(options) {
        if (taken || termsOf(options) !== termsOf(expected)) return await connector.open(options);
        taken = true;
        return await take(options);
      },
    },
    leave,
  };
}

function termsOf({ pipelined, pooled, applicationName, settings }: SessionOptions): string {
  const pairs = Object.entries(settings).toSorted(([a], [b]) => (a < b ? -1 : 1));
  return JSON.stringify([pipelined, pooled === true, applicationName, pairs]);
}

/** Keeps the notices of a session until somebody listens. */
function createNotices() {
  const kept: Notice[] = [];
  let listener: SessionOptions['onNotice'];
  return {
    take: (notice: Notice): void => {
      if (listener === undefined) kept.push(notice);
      else listener(notice);
    },
    passTo: (onNotice: SessionOptions['onNotice']): void => {
      listener = onNotice ?? (() => {});
      for (const notice of kept.splice(0)) listener(notice);
    },
  };
}

/** Sends the messages; they are answered when they are asked for, as long as they are asked for in their order. */
function withMessagesSent(session: Session, messages: readonly string[]): Session {
  const sent: { readonly text: string; readonly reply: Promise<Reply> }[] = messages.map((text) => ({
    text,
    reply: session.send(text, { rows: 'all' }),
  }));
  return {
    ...session,
    get waiting() {
      return session.waiting;
    },
    get answered() {
      return session.answered;
    },
    async send(text, options) {
      const next = sent.shift();
      if (next?.text === text && options?.rows === 'all') return await next.reply;
      sent.length = 0;
      return await session.send(text, options);
    },
  };
}
