import { spawn } from 'node:child_process';
import { once } from 'node:events';
import type { Readable, Writable } from 'node:stream';

/** One command that a page's script called. */
export interface TypedCommand {
  readonly program: string;
  readonly words: readonly string[];
  /** What came from a pipe, for a command that reads one. */
  readonly input: string;
}

/** How it ended. */
export interface CommandEnd {
  readonly status: number;
  readonly text: string;
}

/** In bash, each program is a function that asks this process, so that the shell's own words mean what they mean. */
const prelude = (programs: readonly string[]): string => `
set -euo pipefail
ask() {
  local program=$1 input= status text; shift
  case " $* " in *" --data-file - "*) IFS= read -r -d '' input || true ;; esac
  printf '%s\\0' "$#" "$program" "$@" "$input" >&3
  IFS= read -r -d '' -u 4 status; IFS= read -r -d '' -u 4 text
  printf '%s\\n' "$text"
  return "$status"
}
${programs.map((name) => `${name}() { ask ${name} "$@"; }`).join('\n')}
`;

/**
 * Runs a script of a page in bash until a command fails.
 *
 * @param typed what a person types when the script reads from the terminal
 * @param perform performs a command of one of the programs
 */
export async function runScript(
  script: string,
  options: {
    readonly programs: readonly string[];
    readonly typed: string;
    readonly perform: (command: TypedCommand) => Promise<CommandEnd>;
  },
): Promise<{ readonly status: number; readonly printed: string }> {
  const child = spawn('bash', ['-c', prelude(options.programs) + script], {
    env: { PATH: process.env['PATH'] ?? '/usr/bin:/bin' },
    stdio: ['pipe', 'pipe', 'pipe', 'pipe', 'pipe'],
  });
  let printed = '';
  for (const stream of [child.stdout, child.stderr] as Readable[])
    stream.setEncoding('utf8').on('data', (text: string) => (printed += text));
  child.stdin?.end(options.typed);
  const answers = child.stdio[4] as Writable;
  const answering = (async () => {
    for await (const command of commandsOf(child.stdio[3] as Readable)) {
      const { status, text } = await options.perform(command);
      answers.write(`${status}\0${text.trimEnd()}\0`);
    }
  })();
  const [status] = (await once(child, 'close')) as [number];
  await answering;
  return { status, printed };
}

async function* commandsOf(stream: Readable): AsyncGenerator<TypedCommand> {
  let rest = '';
  const parts: string[] = [];
  for await (const chunk of stream.setEncoding('utf8')) {
    const pieces = (rest + String(chunk)).split('\0');
    rest = pieces.pop() ?? '';
    parts.push(...pieces);
    for (;;) {
      const count = Number(parts[0] ?? Number.NaN);
      if (Number.isNaN(count) || parts.length < count + 3) break;
      const [, program = '', ...words] = parts.splice(0, count + 3);
      const input = words.pop() ?? '';
      yield { program, words, input };
    }
  }
}
