import { readFileSync, statSync } from 'node:fs';
import { resolve } from 'node:path';
import { maskCredentials } from '../kit/credential-shapes.ts';
import { fault, FaultError } from '../kit/fault.ts';
import type { Finding } from '../kit/finding.ts';
import { createRedactor, type Redactor } from '../kit/redact.ts';
import { secretsIn } from '../kit/secret-variables.ts';
import { version } from '../project/version.ts';
import { isTyped, readCommandLine, type CommandLine } from './arguments.ts';
import type { CommandSpec, Context, Result } from './command.ts';
import { programHelp, topicHelp } from './help.ts';
import type { Decide } from './interrupts.ts';
import type { Io } from './io.ts';
import { helpColumns } from './screen/columns.ts';
import { globalOptions } from './options/global.ts';
import { readOptions } from './options/kinds.ts';
import { done, failed } from './result.ts';
import type { Screen } from './screen/screen-port.ts';
import { commandTable } from './table.ts';
import { createHints, type CommandHints } from './screen/hints.ts';
import { createScreen, type ScreenParts } from './screen/screen.ts';

/** What a program starts from. */
export interface ProgramParts {
  readonly argv: readonly string[];
  readonly io: Io;
  readonly signal: AbortSignal;
  /** Masks what is shown; if absent, one that knows the secrets of the environment. */
  readonly redactor?: Redactor;
  /** Lets a command decide what Ctrl-C does; if absent, Ctrl-C aborts the signal. */
  readonly onCtrlC?: (decide: Decide) => () => void;
}

/** Runs one command line and returns its exit code. Never rejects: an unexpected error becomes `bug`, exit code 70. */
export async function runProgram({ argv, io, signal, onCtrlC, ...parts }: ProgramParts): Promise<number> {
  const { redactor = environmentRedactor(io.env) } = parts;
  const line = readCommandLine(argv, commandTable);
  const aboutCommand = !line.ok || line.value.kind === 'command';
  const screen = screenOf({ argv, io, redactor }, aboutCommand ? argv : []);
  if (!line.ok) return report(screen, undefined, failed(line.findings));
  if (line.value.kind !== 'command') return inform(line.value, screen, io);

  const { command, typed } = line.value;
  const { spec } = command;
  const early: Finding[] = [];
  const tell = (finding: Finding): void => {
    if (!screen.json) screen.finding(finding);
    else if (spec.events === true) screen.event({ kind: 'finding', finding });
    else early.push(finding);
  };
  const closing = (result: Result): Result => ({ ...result, findings: [...early, ...result.findings] });
  try {
    const globals = readOptions(globalOptions, typed.options);
    if (!globals.ok) return report(screen, spec, failed(globals.findings.map(helpOf(spec))));
    const shared: Context = {
      command: spec.name,
      globals: globals.value,
      io,
      screen,
      tell,
      redactor,
      signal,
      onCtrlC: onCtrlC ?? (() => () => {}),
      table: commandTable,
      runProgram,
    };
    const ended = await command.start(shared, typed);
    return report(screen, spec, closing(ended.ok ? ended.value : failed(ended.findings.map(helpOf(spec)))));
  } catch (error) {
    if (error instanceof FaultError) return report(screen, spec, failed(error.findings));
    return report(screen, spec, failed([bug(error, io, redactor)]));
  }
}

/** What was typed is wrong, and nothing more precise is known: the help of this command tells what is right. */
function helpOf({ name }: CommandSpec): (finding: Finding) => Finding {
  const general = fault('wrong-usage').fix;
  return (finding) =>
    finding.fix === general ? { ...finding, fix: `Run \`godwit ${name} --help\` for its options.` } : finding;
}

/** A redactor that knows the secrets of the environment before anything is shown, even the refusal of an option. */
export function environmentRedactor(env: Io['env']): Redactor {
  const redactor = createRedactor();
  for (const secret of secretsIn(env)) redactor.register(secret);
  return redactor;
}

type ScreenSource = Required<Pick<ProgramParts, 'argv' | 'io' | 'redactor'>>;

/** @param repeated what suggested commands repeat; help is about any environment and repeats nothing */
function screenOf({ argv, io, redactor }: ScreenSource, repeated = argv): Screen {
  const json = isTyped(argv, 'json');
  const readLine = lineReader(io.cwd);
  const hints = hintsOf({ argv: repeated, io });
  return createScreen({ io, json, noColor: isTyped(argv, 'no-color'), redactor, readLine, hints });
}

/** Completes the commands in texts by what was typed. */
export function hintsOf({ argv, io }: Pick<ProgramParts, 'argv' | 'io'>): CommandHints {
  return createHints({ argv, io, groups: commandTable.groups });
}

/** Reports an error that escaped from the command line. Returns its exit code. */
export function crashed(error: unknown, shown: ScreenSource): number {
  const line = readCommandLine(shown.argv, commandTable);
  const spec = line.ok && line.value.kind === 'command' ? line.value.command.spec : undefined;
  return report(screenOf(shown), spec, failed([bug(error, shown.io, shown.redactor)]));
}

function inform(line: Exclude<CommandLine, { readonly kind: 'command' }>, screen: Screen, io: Io): number {
  if (line.kind === 'version') {
    if (screen.json) screen.document(documentOf('version', done({ version: version() })));
    else screen.product(`${version()}\n`);
    return 0;
  }
  const { style } = screen;
  const width = helpColumns(io);
  const text =
    line.topic === undefined
      ? programHelp(commandTable, style, width)
      : topicHelp(line.topic, commandTable, style, width);
  if (text === undefined) {
    const unknown = readCommandLine((line.topic ?? '').split(' '), commandTable);
    return report(screen, undefined, failed(unknown.ok ? [fault('wrong-usage')] : unknown.findings));
  }
  if (screen.json) screen.product(`${text.join('\n')}\n`);
  else screen.answer(...text);
  return 0;
}

/** Shows how a command ended: the findings for people; a JSON document or the closing event for programs. */
function report(screen: Screen, spec: CommandSpec | undefined, result: Result): number {
  screen.settle();
  for (const finding of result.findings) screen.finding(finding);
  screen.findingsLeft();
  if (!screen.json) return result.exitCode;
  if (spec?.events === true) closeEvents(screen, result);
  else screen.document(documentOf(spec?.name ?? '', result));
  return result.exitCode;
}

/** A run writes its own closing event; `data` is present only if the command ended before that. */
function closeEvents(screen: Screen, result: Result): void {
  if (result.data === undefined) return;
  for (const finding of result.findings) screen.event({ kind: 'finding', finding });
  screen.event({
    kind: 'run.finished',
    // The event names a detached run, so that whoever started it can find it again.
    run: typeof result.data['run'] === 'string' ? result.data['run'] : '',
    outcome: result.outcome as 'refused',
    exitCode: result.exitCode,
    events: result.findings.length + 1,
    ms: 0,
  });
}

/** The JSON document of a command: `{"v":1,"command":…,"outcome":…,"exitCode":…,"findings":[…],…}`. */
function documentOf(command: string, result: Result): Readonly<Record<string, unknown>> {
  const { exitCode, outcome, findings, data } = result;
  return { v: 1, command, outcome, exitCode, findings, ...data };
}

function bug(error: unknown, io: Io, redactor: Redactor): Finding {
  const known = error instanceof Error ? error : new Error(String(error));
  const debug = (io.env['GODWIT_DEBUG'] ?? '') !== '';
  if (debug) io.err(`${maskCredentials(redactor.redact(known.stack ?? known.message))}\n`);
  return fault('bug', {
    why: known.message,
    ...(debug ? {} : { fix: 'Please report it, with the output of the same command under GODWIT_DEBUG=1.' }),
  });
}

const largestExcerptFile = 4 * 1024 * 1024;

/** Reads lines of files for excerpts. Reads each file once; does not read a very large one. */
function lineReader(cwd: string): ScreenParts['readLine'] {
  const files = new Map<string, readonly string[]>();
  return (file, line, root = cwd) => {
    const path = resolve(root, file);
    let lines = files.get(path);
    if (lines === undefined) {
      lines = readLines(path);
      files.set(path, lines);
    }
    return lines[line - 1];
  };
}

function readLines(path: string): readonly string[] {
  try {
    if (statSync(path).size > largestExcerptFile) return [];
    return readFileSync(path, 'utf8')
      .replace(/^\uFEFF/, '')
      .split(/\r?\n/);
  } catch {
    return [];
  }
}
