import { startEmulator } from './start.ts';

/** `node dist/emulator.js --port N`: runs until it is stopped, and says where. */
export async function runEmulator(args: readonly string[]): Promise<void> {
  const at = args.indexOf('--port');
  const port = at === -1 ? 0 : Number(args[at + 1]);
  if (!Number.isInteger(port)) {
    process.stderr.write('usage: node emulator.js [--port N]\n');
    process.exitCode = 2;
    return;
  }
  const cloud = await startEmulator({ port });
  const lines = Object.entries({ ...cloud.env(), REGISTRY: cloud.registry }).map(
    ([name, value]) => `${name}=${value}\n`,
  );
  process.stdout.write(lines.join(''));
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => void cloud.stop());
}
