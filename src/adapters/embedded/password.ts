import type { ServerState } from './home.ts';

/** Loads the driver while initdb works, which leaves this process idle. The first start needs the driver. */
export function warmDriver(): void {
  import('pg').catch(() => undefined);
}

/**
 * Gives a fresh copy of the template its own password. The new one is stored before it is set, so a crash at any point
 * leaves a state that the next start completes.
 */
export async function changePassword(state: ServerState, remember: (state: ServerState) => void): Promise<ServerState> {
  const { nextPassword, ...rest } = state;
  if (nextPassword === undefined) {
    remember(state);
    return state;
  }
  remember(state);
  const { Client } = await import('pg');
  for (const password of [state.password, nextPassword]) {
    const client = new Client({
      host: '127.0.0.1',
      port: state.port,
      user: 'postgres',
      database: 'postgres',
      password,
      ssl: false,
    });
    try {
      await client.connect();
    } catch (error) {
      if ((error as { code?: string }).code === '28P01' && password !== nextPassword) continue;
      throw error;
    }
    // The password is hexadecimal: nothing to escape, and ALTER ROLE takes no parameters.
    await client.query(`ALTER ROLE postgres PASSWORD '${nextPassword}'`);
    await client.end();
    break;
  }
  const settled = { ...rest, password: nextPassword };
  remember(settled);
  return settled;
}
