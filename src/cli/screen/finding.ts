import type { Finding, Place, Severity } from '../../kit/finding.ts';
import type { Style } from './style.ts';

/** Reads the text of one line of a file; undefined if it cannot be read. */
export type LineReader = (file: string, line: number) => string | undefined;

/** A finding as people read it: code and title, place with an excerpt, why, fix. */
export function renderFinding(finding: Finding, style: Style, readLine: LineReader): readonly string[] {
  const paint = colourOf(finding.severity, style);
  const head = `${paint(style.bold(symbols[finding.severity]))} ${style.bold(finding.title)} ${style.dim(`[${finding.code}]`)}`;
  return [
    head,
    ...(finding.where === undefined
      ? []
      : [`  ${style.cyan(placeText(finding.where))}`, ...excerpt(finding.where, paint, readLine)]),
    ...indented(finding.why, '  '),
    ...indented(finding.fix, '  ').map((line, index) =>
      index === 0 ? `  ${style.green('→')} ${line.trimStart()}` : `  ${line}`,
    ),
  ];
}

/** `migrations/0002_x.sql:3:14` */
export function placeText(place: Place): string {
  const line = place.line === undefined ? '' : `:${place.line}`;
  return `${place.file}${line}${place.line === undefined || place.column === undefined ? '' : `:${place.column}`}`;
}

const symbols: Readonly<Record<Severity, string>> = { error: '✘', warning: '!', note: 'i' };

function colourOf(severity: Severity, style: Style): (text: string) => string {
  if (severity === 'error') return style.red;
  return severity === 'warning' ? style.yellow : style.cyan;
}

const widest = 100;

function excerpt(place: Place, paint: (text: string) => string, readLine: LineReader): readonly string[] {
  if (place.line === undefined) return [];
  const text = readLine(place.file, place.line);
  if (text === undefined) return [];
  const column = place.column ?? 1;
  const characters = Array.from(text.replaceAll('\t', ' '));
  // A long line is cut around the place, so that the caret stays visible.
  const start =
    characters.length <= widest ? 0 : Math.max(0, Math.min(column - 1 - widest / 2, characters.length - widest));
  const shown = characters
    .slice(start, start + widest)
    .join('')
    .replaceAll(/\p{Cc}/gu, '�');
  const gutter = `  ${place.line} │ `;
  const caret =
    place.column === undefined
      ? []
      : [`${' '.repeat(gutter.length - 2)}│ ${' '.repeat(column - 1 - start)}${paint('^')}`];
  return [`${gutter}${shown}`, ...caret];
}

function indented(text: string, indent: string): readonly string[] {
  return text === '' ? [] : text.split('\n').map((line) => indent + line);
}
