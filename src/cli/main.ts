import type { Io } from './io.ts';
import { runProgram } from './program.ts';

// The only place that knows the process: arguments and environment in, exit code out.

const stop = new AbortController();
for (const name of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
  process.on(name, () => {
    // The second Ctrl-C means: now.
    // oxlint-disable-next-line unicorn/no-process-exit
    if (stop.signal.aborted) process.exit(130);
    stop.abort();
  });
}
for (const stream of [process.stdout, process.stderr]) {
  stream.on('error', (error: NodeJS.ErrnoException) => {
    // `godwit runs list | head -1`: the reader has left, and nobody is there to be told.
    // oxlint-disable-next-line unicorn/no-process-exit
    if (error.code === 'EPIPE') process.exit(process.exitCode ?? 0);
    throw error;
  });
}

// One write for all that is said within 20 ms: a write for each line would cost more than the line.
let said = '';
const flush = (): void => {
  const text = said;
  said = '';
  if (text !== '') process.stderr.write(text);
};
process.on('exit', flush);

const io: Io = {
  cwd: process.cwd(),
  env: process.env,
  out: (text) => void process.stdout.write(text),
  err: (text) => {
    if (said === '') setTimeout(flush, 20).unref();
    said += text;
  },
  terminal: process.stderr.isTTY,
  interactive: process.stdin.isTTY && process.stderr.isTTY,
  columns: () => process.stderr.columns ?? 80,
  ask: async (question) => {
    flush();
    const { createInterface } = await import('node:readline/promises');
    const reader = createInterface({ input: process.stdin, output: process.stderr });
    try {
      return await reader.question(question, { signal: stop.signal });
    } catch {
      return undefined;
    } finally {
      reader.close();
    }
  },
  input: async () => {
    const parts: Buffer[] = [];
    for await (const part of process.stdin) parts.push(part as Buffer);
    return Buffer.concat(parts).toString('utf8');
  },
};

process.exitCode = await runProgram({ argv: process.argv.slice(2), io, signal: stop.signal });
// Here and not at exit: what a full pipe cannot take at once is still written while the process lives.
flush();
