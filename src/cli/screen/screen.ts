import { type Screen } from './screen-port.ts';
import type { RunEvent } from '../../migrate/contract/event.ts';
import type { Finding } from '../../kit/finding.ts';
import type { Target } from '../../migrate/contract/ports.ts';
import { maskCredentials } from '../../kit/credential-shapes.ts';
import { maskedValues } from '../../kit/masked-values.ts';
import type { Redactor } from '../../kit/redact.ts';
import type { Io } from '../io.ts';
import { annotationOf } from './annotation.ts';
import { columnsOf } from './columns.ts';
import { renderFinding, type LineReader } from './finding.ts';
import { withLocalTimes } from './local-time.ts';
import { createRunNames } from './run-names.ts';
import { createHeartbeat, createSpinner, type LiveLine } from './live.ts';
import type { Moving } from './moving.ts';
import type { StatementSource } from './placed-statement.ts';
import { createEventRenderer } from './event-renderer.ts';
import type { CommandHints } from './hints.ts';
import { createStyle, wantsColor, withoutColor, type Style } from './style.ts';
import { tableLines, type Line } from './table.ts';
import { wrapped } from './wrap.ts';

/** What a screen needs. */
export interface ScreenParts {
  readonly io: Io;
  readonly json: boolean;
  readonly noColor: boolean;
  readonly redactor: Redactor;
  /** Reads one line of a file that is named relative to `root` (absent: the working directory). */
  readonly readLine: (file: string, line: number, root?: string) => string | undefined;
  /** Completes the commands in texts; absent: they are shown as they are. */
  readonly hints?: CommandHints;
  /** Milliseconds since some beginning. */
  readonly clock?: () => number;
}

const unchanged = <T>(text: T): T => text;
const asWritten: CommandHints = {
  prose: unchanged,
  lines: unchanged,
  finding: unchanged,
  json: unchanged,
};

/** How many findings of one code are shown to people, and become annotations. */
const mostOfOneCode = 10;

/** The screen of one command. */
export function createScreen({ io, json, noColor, redactor, readLine, ...parts }: ScreenParts): Screen {
  const { clock = () => performance.now(), hints = asWritten } = parts;
  const began = clock();
  let asking = false;
  let going: Moving | undefined;
  let statements: StatementSource = () => Promise.resolve([]);
  const outTerminal = io.outTerminal ?? io.terminal;
  const colours = { err: wantsColor(io.terminal, io.env, noColor), out: wantsColor(outTerminal, io.env, noColor) };
  // A stream that takes no colours gets the texts without them.
  const colour = colours.err || colours.out;
  const style = createStyle(colour);
  const live = !json && isLive(io);
  const redact = (text: string): string => redactor.redact(text);
  const names = createRunNames();
  const mask = (text: string): string => maskCredentials(redactor.redact(text));
  const clean = (text: string): string => harmless(mask(text), colour);
  const words = (text: string): string => names.inText(withLocalTimes(text));
  // What a program reads, or a log keeps, is neither wrapped nor cut.
  const widths = {
    err: () => (io.terminal ? columnsOf(io) : Infinity),
    out: () => (outTerminal ? columnsOf(io) : Infinity),
  };
  const line: LiveLine = json
    ? { show() {}, clear() {} }
    : live
      ? createSpinner({ write: (text) => io.err(text), columns: () => columnsOf(io), clock })
      : createHeartbeat({
          write: (text) => io.err(`    ${style.dim(text)}\n`),
          columns: () => widths.err() - 4,
          clock,
        });
  const write = (stream: 'err' | 'out', lines: readonly string[]): void => {
    line.clear();
    io[stream](lines.map((text) => `${colours[stream] || !colour ? text : withoutColor(text)}\n`).join(''));
    if (going !== undefined && !asking) line.show(going);
  };
  const laidOut = (stream: 'err' | 'out', lines: readonly Line[]): readonly string[] => {
    const width = widths[stream]();
    const ready = (text: string): string => clean(names.inText(hints.lines(text)));
    return lines.flatMap((one) => {
      if (typeof one !== 'string' && 'unbroken' in one) return [ready(one.unbroken)];
      if (typeof one === 'string')
        return ready(one)
          .split('\n')
          .flatMap((text) => wrapped(text, width));
      const rows = one.rows.map(({ cells, below = [] }) => ({ cells: cells.map(ready), below: below.map(ready) }));
      return tableLines({ ...one, rows }, width);
    });
  };
  const say = (...lines: readonly Line[]): void => {
    if (!json) write('err', laidOut('err', lines));
  };
  const shown = new Map<string, number>();
  const placed = new Set<string>();
  let targeted: string | undefined;
  const show = (work: string | Moving, written = false): void => {
    going = cleanWork(typeof work === 'string' ? { name: work } : work, clean);
    if (!asking) line.show(going, written);
  };
  // What programs read names commands as people would type them, too.
  const completed = (event: RunEvent): RunEvent =>
    event.kind === 'finding' || event.kind === 'migration.failed'
      ? { ...event, finding: hints.json(event.finding) }
      : event;
  let root: string | undefined;
  const lineAt: LineReader = (file, line) => readLine(file, line, root);
  const annotated = new Map<string, Set<string>>();
  const annotate = (finding: Finding): void => {
    const annotation = annotationOf(finding, root ?? io.cwd, io.env, mask);
    if (annotation === undefined) return;
    // A finding can come twice: as an event, and with the result.
    const ofCode = annotated.get(finding.code) ?? new Set();
    if (ofCode.has(annotation) || ofCode.size >= mostOfOneCode) return;
    annotated.set(finding.code, ofCode.add(annotation));
    io.err(`${harmless(mask(annotation), false)}\n`);
  };
  const screen: Screen = {
    style,
    json,
    get elapsedMs() {
      return clock() - began;
    },
    lasting: !live,
    knowRuns: (ids) => names.know(ids),
    nameOfRun: (id) => names.short(id),
    say,
    answer: (...lines) => {
      if (!json) write('out', laidOut('out', lines));
    },
    product: (text) => {
      line.clear();
      io.out(redactor.redact(text));
    },
    document: (value) => {
      const { findings } = value as { readonly findings?: readonly Finding[] };
      const whole = findings === undefined ? value : { ...value, findings: findings.map(hints.json) };
      io.out(`${JSON.stringify(maskedValues(whole, redact))}\n`);
    },
    target: (environment, target, note) => {
      if (targeted === environment) return;
      targeted = environment;
      say(targetLine(environment, target, style) + (note === undefined ? '' : style.dim(` · ${note}`)));
    },
    place: (environment, place) => {
      // A command that executes two tasks names the place only once.
      if (placed.has(environment)) return;
      placed.add(environment);
      say(`${style.bold(environment)} ${style.dim('·')} ${place}`);
    },
    finding: (finding) => {
      // Failed checks have already been shown, one line each.
      if (finding.code === 'check-failed' || finding.code === 'check-warning') return annotate(finding);
      const count = (shown.get(finding.code) ?? 0) + 1;
      shown.set(finding.code, count);
      if (!json && count <= mostOfOneCode) {
        const hinted = hints.finding(finding);
        const told = { ...hinted, why: words(hinted.why), fix: words(hinted.fix) };
        write('err', ['', ...renderFinding(told, style, lineAt, { width: widths.err(), clean })]);
      }
      annotate(finding);
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
      if (json) io.out(`${JSON.stringify({ v: 1, ...maskedValues(completed(event), redact) })}\n`);
      if (json && event.kind === 'finding') annotate(event.finding);
      if (!json) story(event);
    },
    output: ({ stream, text, encoding }) => {
      line.clear();
      const written = encoding === 'base64' ? Buffer.from(text, 'base64') : redactor.redact(text);
      if (stream === 'stdout') io.out(written);
      else io.err(written);
      // In a log the sign of life goes on between whole lines; a line that moves would be mixed into the output.
      if (!live && going !== undefined && text.endsWith('\n')) line.show(going);
    },
    live: (work) => show(work),
    statements: (id, direction) => statements(id, direction),
    statementsFrom: (source) => {
      statements = source;
    },
    passing: (text) => {
      if (!live) say(style.dim(`    ${text}`));
      show(text, !live);
    },
    settle: () => {
      going = undefined;
      line.clear();
    },
    asking: async (answer) => {
      line.clear();
      asking = true;
      try {
        return await answer();
      } finally {
        asking = false;
        if (going !== undefined) line.show(going);
      }
    },
  };
  const story = createEventRenderer(screen);
  return screen;
}

/** Work whose words reach the terminal as any other text does. */
function cleanWork({ counter, name, facts, more }: Moving, clean: (text: string) => string): Moving {
  return {
    ...(counter === undefined ? {} : { counter }),
    name: clean(name),
    ...(facts === undefined ? {} : { facts: facts.map(clean) }),
    ...(more === undefined ? {} : { more: clean(more) }),
  };
}

/** A live line is for a person in front of a terminal; a log would keep each of its states. */
function isLive({ terminal, env }: Io): boolean {
  const isCi = !['', '0', 'false'].includes(env['CI'] ?? '');
  return terminal && env['TERM'] !== 'dumb' && !isCi;
}

/** Keeps godwit's own colours. Replaces other control characters, which come from names or texts of the server. */
function harmless(text: string, colour: boolean): string {
  // oxlint-disable-next-line no-control-regex
  const steering = /(\u001b\[[0-9;]*m)|[\p{Cc}\u202a-\u202e\u2066-\u2069]/gu;
  return text.replaceAll(steering, (found, painted?: string) =>
    found === '\n' || found === '\t' || (colour && painted !== undefined) ? found : '�',
  );
}

/** `prod · 10.1.2.3:5432/app as deploy · search_path tenant_a` */
function targetLine(environment: string, target: Target, style: Style): string {
  const host = target.host.includes(':') && !target.host.startsWith('/') ? `[${target.host}]` : target.host;
  const at = `${host}:${target.port}/${target.database}`;
  const path = target.searchPath === undefined ? '' : `${style.dim(' · search_path')} ${target.searchPath}`;
  return `${style.bold(environment)} ${style.dim('·')} ${at} ${style.dim('as')} ${target.user}${path}`;
}
