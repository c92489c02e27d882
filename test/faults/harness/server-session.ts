import { setTimeout as sleep } from 'node:timers/promises';
import { Client } from 'pg';

/** A session of the harness that outlives crashes of the server: it is made again when it is gone. */
export interface ServerSession {
  /** Rows of one statement with parameters, or of the last of several without. */
  query(sql: string, params?: readonly unknown[]): Promise<readonly Record<string, unknown>[]>;
  /** The first column of each result of these statements, sent together. */
  columns(statements: readonly string[]): Promise<readonly (readonly string[])[]>;
  end(): Promise<void>;
}

/** By this name the harness tells its own sessions from those of the tool under test. */
export const harnessName = 'harness';

const patienceMs = 60_000;

/** Connects when it is first asked something. Questions wait for each other. */
export function serverSession(url: string): ServerSession {
  let client: Client | undefined;
  let line: Promise<unknown> = Promise.resolve();

  const connect = async (): Promise<Client> => {
    const made = new Client({ connectionString: url, application_name: harnessName });
    made.on('error', () => (client = undefined));
    await made.connect();
    return made;
  };
  /** Only reading, or what may be done twice: after a loss it is asked again. */
  const ask = async <T>(question: (client: Client) => Promise<T>): Promise<T> => {
    const until = Date.now() + patienceMs;
    for (;;) {
      try {
        client ??= await connect();
        return await question(client);
      } catch (error) {
        if (!isPassing(error as Error) || Date.now() > until) throw error;
        client = undefined;
        await sleep(50);
      }
    }
  };
  const inTurn = async <T>(question: (client: Client) => Promise<T>): Promise<T> => {
    const asked = line.then(() => ask(question));
    line = asked.catch(() => {});
    return await asked;
  };
  return {
    query: async (sql, params = []) => await inTurn(async (one) => (await one.query(sql, [...params])).rows),
    columns: async (statements) =>
      await inTurn(async (one) => {
        const sent = await one.query<unknown[][]>({ text: statements.join(';\n'), rowMode: 'array' });
        return (Array.isArray(sent) ? sent : [sent]).map(({ rows }) =>
          (rows as unknown[][]).map(([value]) => String(value)),
        );
      }),
    end: async () => {
      await line;
      await client?.end().catch(() => {});
    },
  };
}

/** The server is down, starting or shutting down, or has ended the session. */
function isPassing(error: Error & { readonly code?: string }): boolean {
  const code = error.code ?? '';
  return /^(57P0[1-3]|ECONN|EPIPE|08)/.test(code) || (code === '' && /terminated|closed/i.test(error.message));
}
