import { type Screen } from './screen-port.ts';
import type { RunEvent } from '../../migrate/contract/event.ts';
import type { Finding } from '../../kit/finding.ts';
import type { Target } from '../../migrate/contract/ports.ts';
import { maskCredentials } from '../../kit/credential-shapes.ts';
import { maskedValues } from '../../kit/masked-values.ts';
import type { Redactor } from '../../kit/redact.ts';
import type { Io } from '../io.ts';
import { annotationOf } from './annotation.ts';
import { renderFinding, type LineReader } from './finding.ts';
import { createLiveLine, type LiveLine } from './live.ts';
import { createEventRenderer } from './event-renderer.ts';
import type { CommandHints } from './hints.ts';
import { createStyle, wantsColor, type Style } from './style.ts';

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
}

const unchanged = <T>(text: T): T => text;
const asWritten: CommandHints = {
  prose: unchanged,
  lines: unchanged,
  help: unchanged,
  finding: unchanged,
  json: unchanged,
};

/** How many findings of one code are shown to people. */
const mostOfOneCode = 10;

/** The screen of one command. */
export function createScreen({ io, json, noColor, redactor, readLine, hints = asWritten }: ScreenParts): Screen {
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
  const redact = (text: string): string => redactor.redact(text);
  const print = (lines: readonly string[]): void => {
    if (json) return;
    line.clear();
    io.err(lines.map((text) => `${harmless(maskCredentials(redactor.redact(text)), colour)}\n`).join(''));
  };
  const say = (...lines: readonly string[]) => print(lines.map(hints.lines));
  const shown = new Map<string, number>();
  const placed = new Set<string>();
  let targeted: string | undefined;
  let asking = false;
  let going = '';
  const show = (text: string): void => {
    going = text;
    if (!asking) line.show(text);
  };
  // What programs read names commands as people would type them, too.
  const completed = (event: RunEvent): RunEvent =>
    event.kind === 'finding' || event.kind === 'migration.failed'
      ? { ...event, finding: hints.json(event.finding) }
      : event;
  let root: string | undefined;
  const lineAt: LineReader = (file, line) => readLine(file, line, root);
  const annotate = (finding: Finding): void => {
    const annotation = annotationOf(finding, root ?? io.cwd, io.env);
    if (annotation !== undefined) io.err(`${harmless(maskCredentials(redactor.redact(annotation)), false)}\n`);
  };
  const screen: Screen = {
    style,
    json,
    lasting: !live,
    say,
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
      if (finding.code === 'check-failed' || finding.code === 'check-warning') return;
      const count = (shown.get(finding.code) ?? 0) + 1;
      shown.set(finding.code, count);
      if (count <= mostOfOneCode) print(['', ...renderFinding(hints.finding(finding), style, lineAt)]);
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
  const story = createEventRenderer(screen);
  return screen;
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
