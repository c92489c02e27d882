import { createInterrupts } from './interrupts.ts';
import type { Io } from './io.ts';
import { crashed, environmentRedactor, hintsOf, runProgram } from './program.ts';

// Only this file uses the process: it reads the arguments and the environment, and sets the exit code.

const interrupts = createInterrupts(
  (otherwise, words) => {
    if (words !== '') said += `${hintsOf({ argv, io }).prose(words)}\n`;
    // oxlint-disable-next-line unicorn/no-process-exit
    process.exit(interrupts.signal.aborted ? 130 : (process.exitCode ?? otherwise));
  },
  () => performance.now(),
);
process.on('SIGINT', () => interrupts.interrupted());
for (const name of ['SIGTERM', 'SIGHUP'] as const) process.on(name, () => interrupts.terminated());
let deserted = false;
for (const stream of [process.stdout, process.stderr]) {
  stream.on('error', (error: NodeJS.ErrnoException) => {
    // The disk behind a redirection is full: standard error says so, and the run continues with a correct exit code.
    if (error.code === 'ENOSPC') {
      if (stream === process.stdout) process.stderr.write(`${error.message}\n`);
      return;
    }
    // `godwit runs list | head -1`, or a closed terminal: nobody reads the output any more.
    if (error.code !== 'EPIPE' && error.code !== 'EIO') throw error;
    if (!deserted) interrupts.deserted(stream === process.stdout);
    deserted = true;
  });
}

// One write for all messages within 20 ms, because a write for each line would cost more than the line itself.
let said = '';
const flush = (): void => {
  const text = said;
  said = '';
  if (text !== '' && !deserted) process.stderr.write(text);
};
process.on('exit', flush);

const io: Io = {
  cwd: process.cwd(),
  entry: process.argv[1],
  env: process.env,
  out: (text) => {
    // A terminal shows both streams: keep the order of writing.
    if (said !== '') flush();
    void (deserted || process.stdout.write(text));
  },
  err: (text) => {
    if (typeof text !== 'string') {
      flush();
      void (deserted || process.stderr.write(text));
      return;
    }
    if (said === '') setTimeout(flush, 20).unref();
    said += text;
  },
  terminal: process.stderr.isTTY,
  outTerminal: process.stdout.isTTY,
  // Node opens standard input when it is first named, which takes a millisecond.
  get interactive() {
    return process.stdin.isTTY && process.stderr.isTTY;
  },
  columns: () => (process.stderr.isTTY ? process.stderr.columns : process.stdout.columns) ?? 0,
  ask: async (question, until) => {
    flush();
    const { createInterface } = await import('node:readline/promises');
    const { question: fitting } = await import('./screen/question.ts');
    const reader = createInterface({ input: process.stdin, output: process.stderr });
    // readline reads the terminal key by key, so Ctrl-C arrives as a key, not as a signal.
    reader.on('SIGINT', () => interrupts.interrupted());
    try {
      const signals = until === undefined ? [] : [until];
      return await reader.question(fitting(question, io.columns()), {
        signal: AbortSignal.any([interrupts.signal, ...signals]),
      });
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

const argv = process.argv.slice(2);
let ended = false;
const redactor = environmentRedactor(io.env);
// Node would write its warnings, and what libraries warn of, to the screen: they are for whoever looks for a bug.
process.removeAllListeners('warning');
if ((io.env['GODWIT_DEBUG'] ?? '') !== '')
  process.on('warning', (warning) => io.err(`${redactor.redact(warning.stack ?? warning.message)}\n`));
// An error that nobody awaits would be printed by Node, with all secrets that it holds.
process.on('uncaughtException', (error) => {
  const exitCode = crashed(error, { argv, io, redactor });
  flush();
  // oxlint-disable-next-line unicorn/no-process-exit
  process.exit(exitCode);
});

// Nothing is left that could settle what the command waits for: that is no success.
process.on('beforeExit', () => {
  if (ended) return;
  ended = true;
  process.exitCode = crashed(new Error('The command waits for something that cannot happen any more.'), {
    argv,
    io,
    redactor,
  });
  flush();
});

async function run(): Promise<void> {
  const { signal, onCtrlC } = interrupts;
  process.exitCode = await runProgram({ argv, io, redactor, signal, onCtrlC });
  ended = true;
  // Flush here and not at exit: while the process lives, it can still write what a full pipe does not take at once.
  flush();
}

void run();
