import type { Finding } from '../../kit/finding.ts';
import type { RunEvent } from '../../migrate/event.ts';
import type { Target } from '../../migrate/ports.ts';
import type { Redactor } from '../../kit/redact.ts';
import type { Io } from '../io.ts';
import { renderFinding, type LineReader } from './finding.ts';
import { createLiveLine, type LiveLine } from './live.ts';
import { createStory } from './story.ts';
import { createStyle, wantsColor, type Style } from './style.ts';

/** What a person sees on standard error, and a program on standard output. Everything passes the redactor. */
export interface Screen {
  readonly style: Style;
  readonly json: boolean;
  /** True: there is no live line, and what was written stays. */
  readonly lasting: boolean;
  /** Lines for people; silent with --json. */
  say(...lines: readonly string[]): void;
  /** The product of a command, for programs; also with --json. */
  product(text: string): void;
  /** The first line of a run: where it goes. */
  target(environment: string, target: Target, note?: string): void;
  /** The same when the work is executed far away: where; the database is named when the runner has reached it. */
  place(environment: string, place: string): void;
  finding(finding: Finding): void;
  /** Says how many findings were not shown because many of their kind were; called once, at the end. */
  findingsLeft(): void;
  /** Excerpts are read from files below this folder; at first it is the working directory. */
  excerptsFrom(root: string): void;
  /** One event of a run: a line of JSON, or its part of the story for people. */
  event(event: RunEvent): void;
  /** A piece of what a command of the user's own writes, to the stream that it wrote to. */
  output(piece: OutputPiece): void;
  /** A line that is replaced by the next one; only on a terminal. */
  live(text: string): void;
  /** What goes by: the live line on a terminal, a line elsewhere. */
  passing(text: string): void;
  /** Takes the live line away. */
  settle(): void;
  /** While a person is asked, no live line runs over the question. */
  asking<T>(answer: () => Promise<T>): Promise<T>;
}

/** As it comes in an event. */
export type OutputPiece = Extract<RunEvent, { readonly kind: 'output' }>;

/** What a screen is made of. */
export interface ScreenParts {
  readonly io: Io;
  readonly json: boolean;
  readonly noColor: boolean;
  readonly redactor: Redactor;
  /** Reads one line of a file that is named relative to `root` (absent: the working directory). */
  readonly readLine: (file: string, line: number, root?: string) => string | undefined;
}

/** Findings of one code that are shown in full to people. */
const mostOfOneCode = 10;

/** The screen of one command. */
export function createScreen({ io, json, noColor, redactor, readLine }: ScreenParts): Screen {
  const colour = wantsColor(io.terminal, io.env, noColor);
  const style = createStyle(colour);
  const live = !json && io.terminal && io.env['TERM'] !== 'dumb';
  const line: LiveLine = json
    ? { show() {}, clear() {} }
    : createLiveLine({
        enabled: live,
        write: (text) => io.err(redactor.redact(text)),
        columns: () => io.columns(),
      });
  const say = (...lines: readonly string[]) => {
    if (json) return;
    line.clear();
    io.err(lines.map((text) => `${harmless(redactor.redact(text), colour)}\n`).join(''));
  };
  const shown = new Map<string, number>();
  const placed = new Set<string>();
  let targeted: string | undefined;
  let asking = false;
  let going = '';
  const show = (text: string): void => {
    going = text;
    if (!asking) line.show(text);
  };
  let root: string | undefined;
  const lineAt: LineReader = (file, line) => readLine(file, line, root);
  const screen: Screen = {
    style,
    json,
    lasting: !live,
    say,
    product: (text) => {
      line.clear();
      io.out(redactor.redact(text));
    },
    target: (environment, target, note) => {
      if (targeted === environment) return;
      targeted = environment;
      say(targetLine(environment, target, style) + (note === undefined ? '' : style.dim(` · ${note}`)));
    },
    place: (environment, place) => {
      // A command that asks twice works in one place.
      if (placed.has(environment)) return;
      placed.add(environment);
      say(`${style.bold(environment)} ${style.dim('·')} ${place}`);
    },
    finding: (finding) => {
      // Failed checks have been shown as such, one line each.
      if (finding.code === 'check-failed' || finding.code === 'check-warning') return;
      const count = (shown.get(finding.code) ?? 0) + 1;
      shown.set(finding.code, count);
      if (count <= mostOfOneCode) say('', ...renderFinding(finding, style, lineAt));
    },
    findingsLeft: () => {
      for (const [code, count] of shown) {
        if (count > mostOfOneCode)
          say('', style.dim(`… and ${count - mostOfOneCode} more of [${code}]; --json lists all.`));
      }
      shown.clear();
    },
    excerptsFrom: (folder) => {
      root = folder;
    },
    event: (event) => {
      if (json) io.out(`${redactor.redact(JSON.stringify({ v: 1, ...event }))}\n`);
      else story(event);
    },
    output: ({ stream, text, encoding }) => {
      line.clear();
      const written = encoding === 'base64' ? Buffer.from(text, 'base64') : redactor.redact(text);
      if (stream === 'stdout') io.out(written);
      else io.err(written);
    },
    live: show,
    passing: (text) => (live ? show(text) : say(style.dim(`    ${text}`))),
    settle: () => {
      going = '';
      line.clear();
    },
    asking: async (answer) => {
      line.clear();
      asking = true;
      try {
        return await answer();
      } finally {
        asking = false;
        if (going !== '') line.show(going);
      }
    },
  };
  const story = createStory(screen);
  return screen;
}

/** Colours are ours. Whatever else could steer a terminal came with a name or with the words of a server. */
function harmless(text: string, colour: boolean): string {
  // oxlint-disable-next-line no-control-regex
  const steering = /(\u001b\[[0-9;]*m)|[\p{Cc}\u202a-\u202e\u2066-\u2069]/gu;
  return text.replaceAll(steering, (found, painted?: string) =>
    found === '\n' || found === '\t' || (colour && painted !== undefined) ? found : '�',
  );
}

/** `prod · 10.1.2.3:5432/app as deploy` */
function targetLine(environment: string, target: Target, style: Style): string {
  const host = target.host.includes(':') && !target.host.startsWith('/') ? `[${target.host}]` : target.host;
  const at = `${host}:${target.port}/${target.database}`;
  return `${style.bold(environment)} ${style.dim('·')} ${at} ${style.dim('as')} ${target.user}`;
}
