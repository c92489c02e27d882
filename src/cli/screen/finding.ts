import type { Finding, Place, Severity } from '../../kit/finding.ts';
import type { Style } from './style.ts';
import { textWidth } from './text-width.ts';
import { filled } from './wrap.ts';

/** Reads the text of one line of a file; undefined if it cannot be read. */
export type LineReader = (file: string, line: number) => string | undefined;

/** How a finding is laid out. */
interface FindingLayout {
  readonly width: number;
  /** Masks secrets and removes what would steer the terminal. */
  readonly clean: (text: string) => string;
}

/** A finding as people read it: code and title, place with an excerpt, why, fix. */
export function renderFinding(
  finding: Finding,
  style: Style,
  readLine: LineReader,
  { width, clean }: FindingLayout = { width: Infinity, clean: (text) => text },
): readonly string[] {
  const { severity, title, code, where } = finding;
  const paint = colourOf(severity, style);
  const [fix = '', ...further] = clean(finding.fix).split('\n');
  return [
    ...filled(
      `${paint(style.bold(symbols[severity]))} `,
      `${style.bold(clean(title))} ${style.dim(`[${code}]`)}`,
      width,
    ),
    ...(where === undefined
      ? []
      : [
          `  ${style.bold(clean(placeText(where)))}`,
          ...excerpt(where, paint, (file, line) => cleaned(readLine(file, line), clean), width),
        ]),
    ...indented(clean(finding.why), width),
    ...(fix === '' ? [] : filled(`  ${style.green('→')} `, fix, width)),
    // The lines after the first are to be copied.
    ...further.map((line) => `    ${line}`),
  ];
}

function cleaned(text: string | undefined, clean: FindingLayout['clean']): string | undefined {
  return text === undefined ? undefined : clean(text);
}

/** `migrations/0002_x.sql:3:14` */
export function placeText(place: Place): string {
  const line = place.line === undefined ? '' : `:${place.line}`;
  return `${place.file}${line}${place.line === undefined || place.column === undefined ? '' : `:${place.column}`}`;
}

const symbols: Readonly<Record<Severity, string>> = { error: '✘', warning: '!', note: 'i' };

function colourOf(severity: Severity, style: Style): (text: string) => string {
  if (severity === 'error') return style.red;
  return severity === 'warning' ? style.magenta : style.cyan;
}

const widestExcerpt = 100;

function excerpt(
  place: Place,
  paint: (text: string) => string,
  readLine: LineReader,
  width: number,
): readonly string[] {
  if (place.line === undefined) return [];
  const gutter = `  ${place.line} │ `;
  const widest = Math.max(10, Math.min(widestExcerpt, width - gutter.length));
  const text = readLine(place.file, place.line);
  if (text === undefined) return [];
  const column = place.column ?? 1;
  const characters = Array.from(text.replaceAll('\t', ' '));
  // A long line is cut around the place, so that the caret stays visible.
  const start =
    characters.length <= widest
      ? 0
      : Math.max(0, Math.min(column - 1 - Math.floor(widest / 2), characters.length - widest));
  const shown = characters.map((character) => character.replace(/\p{Cc}/u, '�'));
  const caret =
    place.column === undefined
      ? []
      : [
          `${' '.repeat(gutter.length - 2)}│ ${' '.repeat(textWidth(shown.slice(start, column - 1).join('')))}${paint('^')}`,
        ];
  return [`${gutter}${shown.slice(start, start + widest).join('')}`, ...caret];
}

function indented(text: string, width: number): readonly string[] {
  if (text === '') return [];
  return text.split('\n').flatMap((line) => filled(`  ${/^ */.exec(line)?.[0] ?? ''}`, line.trimStart(), width));
}
