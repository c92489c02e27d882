import { sep } from 'node:path';
import type { Finding } from '../../kit/finding.ts';
import { shown } from '../../migrate/contract/command-text.ts';
import type { Io } from '../io.ts';

/** Rewrites the commands in texts so that they can be typed as they stand. */
export interface CommandHints {
  /** In prose, a command is in backticks. */
  readonly prose: (text: string) => string;
  /** In lines, also a command after indentation, or in `$(…)`. */
  readonly lines: (text: string) => string;
  /** For people. */
  readonly finding: (finding: Finding) => Finding;
  /** For programs: with the options, in the form that does not depend on how this program was started. */
  readonly json: (finding: Finding) => Finding;
}

/** How this program was started. */
export interface Invocation {
  readonly io: Pick<Io, 'env' | 'cwd' | 'entry'>;
  readonly argv: readonly string[];
  /** The first words of commands of two words, such as `runs`. */
  readonly groups: ReadonlyMap<string, unknown>;
}

const quoted = /(?<=`)godwit ([A-Za-z-][^`\n]*)/g;
// oxlint-disable-next-line no-control-regex
const alone = /(?<=^(?:\u001b\[[0-9;]*m)* +|`|\(|^\S*Usage\S*: )godwit ([A-Za-z-](?:[^`\n)\u001b ]| (?! ))*)/gm;

/** Commands that work on no environment; the options of a project mean nothing to those of the second list. */
const anyEnvironment = /^(?:init|new|check|explain|completion|demo)\b/;
const noProject = /^(?:init|explain|completion|demo)\b/;

/**
 * Names the program as it was started, and repeats the options that decide which project and environment a command
 * works on: without them a suggested command would work on another database.
 */
export function createHints({ io, argv, groups }: Invocation): CommandHints {
  const program = `${startedByNpx(io) ? 'npx ' : ''}godwit `;
  const env = typedValue(argv, '--env', '-e');
  const project = [
    repeated('--config', typedValue(argv, '--config')),
    repeated('--env-file', typedValue(argv, '--env-file')),
  ];
  const whole = (_: string, command: string): string => program + completed(command);
  const completed = (command: string): string => {
    if (command.startsWith('-')) return command;
    const [first = '', second] = command.split(' ', 2);
    const name = groups.has(first) && second !== undefined && /^[a-z]/.test(second) ? `${first} ${second}` : first;
    const rest = command.slice(name.length);
    const named = / (?:-e|--env)\b/.test(rest) || anyEnvironment.test(name);
    const options = [
      ...(named || env === 'local' ? [] : [repeated('-e', env)]),
      ...(noProject.test(name) || rest.includes(' --config') || rest.startsWith(' --help') ? [] : project),
    ];
    return name + (rest.startsWith(' --help') ? '' : options.join('')) + rest;
  };
  const prose = (text: string): string => text.replaceAll(quoted, whole);
  const plain = (text: string): string =>
    text.replaceAll(quoted, (_, command: string) => `godwit ${completed(command)}`);
  // What was typed wrong is repeated as it was.
  const why = ({ code, why: text }: Finding, complete: (text: string) => string): string =>
    code === 'wrong-usage' ? text : complete(text);
  return {
    prose,
    lines: (text) => text.replaceAll(alone, whole),
    finding: (finding) => ({ ...finding, why: why(finding, prose), fix: prose(finding.fix) }),
    json: (finding) => ({ ...finding, why: why(finding, plain), fix: plain(finding.fix) }),
  };
}

function repeated(option: string, value: string | undefined): string {
  return value === undefined || value === '' ? '' : ` ${option} ${shown([value])}`;
}

/** The last value of an option, read without knowing whether the command line is right. */
function typedValue(argv: readonly string[], long: string, short?: string): string | undefined {
  const end = argv.indexOf('--');
  const words = end === -1 ? argv : argv.slice(0, end);
  return words
    .map((word, index) => {
      if (word === long || word === short) return words[index + 1];
      if (word.startsWith(`${long}=`)) return word.slice(long.length + 1);
      return short !== undefined && word.startsWith(short) && !word.startsWith('--')
        ? word.slice(short.length)
        : undefined;
    })
    .findLast((value) => value !== undefined && !value.startsWith('-'));
}

/**
 * `npx godwit` and `npm exec godwit` set `npm_command` to `exec`; a dependency of the project lies in its node_modules.
 * In both cases `godwit` alone may not be on the path.
 */
function startedByNpx({ env, cwd, entry = '' }: Invocation['io']): boolean {
  if (env['npm_command'] === 'exec') return true;
  const [root, inside] = entry.split(`${sep}node_modules${sep}`, 2);
  return inside !== undefined && `${cwd}${sep}`.startsWith(`${root ?? ''}${sep}`);
}
