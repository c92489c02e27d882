import { quoteLiteral } from '../../../sql/quote.ts';
import { sessionReset, stepReset } from '../apply/message.ts';
import type { KeepRows, Reply, Session, SessionOptions } from '../../contract/ports.ts';

/**
 * A session through a connection pooler, where each transaction may run in a different server process. No setting
 * outlives a transaction there: each message carries its own, as SET LOCAL, and resets everything that a file has set
 * before it commits, because the next transaction in that process may belong to any client. Answers match the message
 * as given: its rows, counts and positions.
 *
 * @param options the options of the session. With `pipelined: false` it sends one transaction in several messages, and
 * only the first one carries settings.
 */
export function pooledSession(session: Session, options: SessionOptions): Session {
  const settings = localSettings(options);
  let prepares = false;
  // One message at a time: PgBouncer considers a server free as soon as it has answered the first of several messages,
  // and gives it to another client when we die, while it still works on the second.
  let last: Promise<unknown> = Promise.resolve();
  const inTurn = <T>(act: () => Promise<T>): Promise<T> => {
    const mine = last.then(act);
    last = mine;
    return mine;
  };
  const sendNow: Session['send'] = async (text, sending) => {
    prepares ||= /\bprepare\b/i.test(text);
    // A rollback does not remove a prepared statement.
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

/** Text that is inserted into a message: at which index of its text, before which of its commands. */
interface Added {
  readonly at: number;
  readonly before: number;
  readonly commands: readonly string[];
}

/** Without the network settings, because the network is the pooler's, and without those of later transactions. */
function localSettings({ settings, applicationName }: SessionOptions): readonly string[] {
  return Object.entries({ ...settings, application_name: applicationName })
    .filter(([name]) => !name.startsWith('tcp_') && !name.startsWith('default_transaction_'))
    .map(([name, value]) => `SET LOCAL ${name} TO ${lists.has(name) ? elements(value) : quoteLiteral(value)}`);
}

/** Settings that are lists of names: SET would take one text as one name. */
const lists: ReadonlySet<string> = new Set(['search_path', 'temp_tablespaces']);

/** The names of a list, as the server reads its text: what is not quoted is in lower case. */
function elements(list: string): string {
  const names = [...list.matchAll(/"((?:[^"]|"")*)"|[^,\s]+/g)].map(([text, quoted]) =>
    quoted === undefined ? text.toLowerCase() : quoted.replaceAll('""', '"'),
  );
  return names.length === 0 ? "''" : names.map(quoteLiteral).join(', ');
}

function settingsFor(text: string, settings: readonly string[], pipelined: boolean): Added {
  // Behind RESET ALL, which would take them back: with BEGIN, in a message that is its own transaction, and in one that
  // continues a transaction.
  const reset = [sessionReset.text, sessionReset.unbound].find((one) => text.startsWith(one));
  if (reset !== undefined) return { at: reset.length, before: sessionReset.commands.length, commands: settings };
  if (text.startsWith(stepReset.text))
    return { at: stepReset.text.length, before: stepReset.commands.length, commands: settings };
  if (!pipelined) return { at: 0, before: 0, commands: [] };
  return { at: 0, before: 0, commands: ['SET TRANSACTION ISOLATION LEVEL READ COMMITTED', ...settings] };
}

const end = 'COMMIT;\n';

/**
 * Resets what a file has set. The encoding came with the client's connection: RESET would restore that of the pooler's
 * connection.
 */
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
