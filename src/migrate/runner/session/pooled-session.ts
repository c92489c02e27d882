import { quoteLiteral } from '../../../sql/quote.ts';
import { sessionReset } from '../apply/message.ts';
import type { KeepRows, Reply, Session, SessionOptions } from '../../contract/ports.ts';

/**
 * A session through a connection pooler, where each transaction may meet another process of the server. No setting
 * outlives a transaction there: each message brings its own, as SET LOCAL, and takes back whatever a file has set
 * before it commits, because the next transaction over there is anybody's. Answers are those of the message as it was
 * given: its rows, counts and positions.
 *
 * @param options those that the session was opened with. With `pipelined: false` it sends one transaction in several
 * messages, and only the one that opens it brings settings.
 */
export function pooledSession(session: Session, options: SessionOptions): Session {
  const settings = localSettings(options);
  let prepares = false;
  // One at a time: PgBouncer takes a server for free as soon as it has answered the first message of several, and gives
  // it to somebody else when we die, while it still works on the second.
  let last: Promise<unknown> = Promise.resolve();
  const inTurn = <T>(act: () => Promise<T>): Promise<T> => {
    const mine = last.then(act);
    last = mine;
    return mine;
  };
  const sendNow: Session['send'] = async (text, sending) => {
    prepares ||= /\bprepare\b/i.test(text);
    // A prepared statement is what a rollback leaves.
    if (text === 'ROLLBACK') return await session.send(prepares ? 'ROLLBACK;\nDEALLOCATE ALL' : text, sending);
    const rows = sending?.rows ?? 'none';
    const added = settingsFor(text, settings, options.pipelined);
    const head = text.slice(0, added.at) + added.commands.map((command) => `${command};\n`).join('');
    const reply = await session.send(head + cleaned(text.slice(added.at)), { rows: shifted(rows, added) });
    return asGiven(reply, rows, added);
  };
  return {
    ...session,
    carriesSettings: true,
    get waiting() {
      return session.waiting;
    },
    get answered() {
      return session.answered;
    },
    send: (text, sending) => inTurn(() => sendNow(text, sending)),
    copyIn: (command, data) => inTurn(() => session.copyIn(command, data)),
  };
}

/** What is put into a message: at which index of its text, before which of its commands. */
interface Added {
  readonly at: number;
  readonly before: number;
  readonly commands: readonly string[];
}

/** Without those of the network, which is the pooler's own, and those of transactions to come. */
function localSettings({ settings, applicationName }: SessionOptions): readonly string[] {
  return Object.entries({ ...settings, application_name: applicationName })
    .filter(([name]) => !name.startsWith('tcp_') && !name.startsWith('default_transaction_'))
    .map(([name, value]) => `SET LOCAL ${name} TO ${quoteLiteral(value)}`);
}

function settingsFor(text: string, settings: readonly string[], pipelined: boolean): Added {
  if (text.startsWith(sessionReset.text))
    return { at: sessionReset.text.length, before: sessionReset.commands.length, commands: settings };
  if (!pipelined) return { at: 0, before: 0, commands: [] };
  return { at: 0, before: 0, commands: ['SET TRANSACTION ISOLATION LEVEL READ COMMITTED', ...settings] };
}

const end = 'COMMIT;\n';

/** What a file has set is taken back. The encoding came with the client's connection: RESET gives that of the pooler's. */
const cleaning = `RESET ALL;
SET client_encoding TO 'UTF8';
SELECT pg_catalog.set_config('synchronous_commit', 'on', true) WHERE pg_catalog.current_setting('synchronous_commit') = 'off';
`;

function cleaned(text: string): string {
  return text.endsWith(`\n${end}`) ? text.slice(0, -end.length) + cleaning + end : text;
}

function shifted(rows: KeepRows, { before, commands }: Added): KeepRows {
  if (rows === 'none') return rows;
  if (rows === 'all') return before === 0 ? commands.length : rows;
  return rows >= before ? rows + commands.length : rows;
}

function asGiven(reply: Reply, rows: KeepRows, { before, commands }: Added): Reply {
  if (reply.ok && (rows !== 'all' || before === 0)) return reply;
  if (reply.ok) {
    const results = [...reply.results.slice(0, before), ...reply.results.slice(before + commands.length)];
    return { ok: true, results };
  }
  const { position, ...error } = reply.error;
  const moved = commands.reduce((sum, command) => sum + command.length + 2, 0);
  const completed = reply.completed <= before ? reply.completed : Math.max(before, reply.completed - commands.length);
  return {
    ok: false,
    completed,
    error: position === undefined ? error : { ...error, position: Math.max(1, position - moved) },
  };
}
