/** Colours a text. */
type Paint = (text: string) => string;

/**
 * The colours, or functions that add none. All are readable on dark and on light backgrounds: so warnings are magenta, as
 * those of compilers, because yellow vanishes on white.
 */
export interface Style {
  readonly bold: Paint;
  readonly dim: Paint;
  readonly red: Paint;
  readonly green: Paint;
  readonly magenta: Paint;
  readonly cyan: Paint;
}

/** Creates a style that colours texts if `enabled`, and otherwise returns them unchanged. */
export function createStyle(enabled: boolean): Style {
  const paint = (open: number, close: number) => (text: string) =>
    enabled && text !== '' ? `\u001b[${open}m${text}\u001b[${close}m` : text;
  return {
    bold: paint(1, 22),
    dim: paint(2, 22),
    red: paint(31, 39),
    green: paint(32, 39),
    magenta: paint(35, 39),
    cyan: paint(36, 39),
  };
}

/** A text without the colours that a style added. */
export function withoutColor(text: string): string {
  // oxlint-disable-next-line no-control-regex
  return text.replaceAll(/\u001b\[[0-9;]*m/g, '');
}

/** A terminal gets colours unless NO_COLOR, TERM=dumb or --no-color forbids them; FORCE_COLOR forces them. */
export function wantsColor(
  terminal: boolean,
  env: Readonly<Record<string, string | undefined>>,
  off: boolean,
): boolean {
  if (off || (env['NO_COLOR'] ?? '') !== '') return false;
  const force = env['FORCE_COLOR'];
  if (force !== undefined && force !== '' && force !== '0') return true;
  return terminal && env['TERM'] !== 'dumb';
}
