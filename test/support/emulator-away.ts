import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import type { Emulator, EmulatorOptions } from '../../emulator/start.ts';
import type { Namespace } from '../../src/adapters/private-network/namespace.ts';

type Json = Readonly<Record<string, unknown>>;

/** An emulator in a namespace, as its own process, which receives its commands over a pipe. */
export interface EmulatorAway extends AsyncDisposable {
  /** The variables by which a controller in the same namespace finds it. */
  readonly env: Readonly<Record<string, string>>;
  readonly registry: string;
  seed<Name extends keyof Emulator['seed']>(name: Name, ...args: Parameters<Emulator['seed'][Name]>): Promise<unknown>;
  fault<Name extends 'onCall' | 'onExecution' | 'onLogs' | 'clear'>(
    name: Name,
    ...args: Parameters<Emulator['faults'][Name]>
  ): Promise<unknown>;
  state(name: 'jobs' | 'executions' | 'logs'): Promise<readonly Json[]>;
}

const program = `
import { createInterface } from 'node:readline';
const { startEmulator } = await import(${JSON.stringify(new URL('../../dist/emulator.js', import.meta.url).href)});
const lines = createInterface({ input: process.stdin })[Symbol.asyncIterator]();
const cloud = await startEmulator(JSON.parse((await lines.next()).value));
const tell = (answer) => console.log(JSON.stringify(answer ?? null));
tell({ env: cloud.env(), registry: cloud.registry });
for await (const line of lines) {
  const { part, name, args } = JSON.parse(line);
  tell(part === 'state' ? cloud.state[name] : await cloud[part][name](...args));
}
await cloud.stop();`;

/** Starts an emulator in this namespace. */
export async function startEmulatorAway(namespace: Namespace, options: EmulatorOptions): Promise<EmulatorAway> {
  const [enter, ...args] = namespace.enter(process.execPath, '--input-type=module', '-e', program);
  const path = `${process.env['PATH'] ?? '/usr/bin:/bin'}:/usr/sbin:/sbin`;
  const child = spawn(enter, args, { cwd: '/', env: { PATH: path, HOME: '/tmp' }, stdio: ['pipe', 'pipe', 'inherit'] });
  const ask = asking(child);
  const { env, registry } = (await ask(options)) as { env: Record<string, string>; registry: string };
  return {
    env,
    registry,
    seed: (name, ...given) => ask({ part: 'seed', name, args: given }),
    fault: (name, ...given) => ask({ part: 'faults', name, args: given }),
    state: async (name) => (await ask({ part: 'state', name })) as readonly Json[],
    async [Symbol.asyncDispose]() {
      const ended = once(child, 'close');
      child.stdin.end();
      await ended;
    },
  };
}

/** Sends one line, receives one line, in turn. */
function asking(child: ChildProcess): (question: unknown) => Promise<unknown> {
  const answers = createInterface({ input: child.stdout! })[Symbol.asyncIterator]();
  let turn: Promise<unknown> = Promise.resolve();
  return (question) => {
    const answer = turn.then(async () => {
      child.stdin?.write(`${JSON.stringify(question)}\n`);
      const { value, done } = await answers.next();
      if (done === true) throw new Error('the emulator ended');
      return JSON.parse(value) as unknown;
    });
    turn = answer.catch(() => undefined);
    return answer;
  };
}
