/** Shows commands in the form in which this program was started. */
export interface StartedAs {
  /** In prose, a command is in backticks. */
  readonly prose: (text: string) => string;
  /** In command lines, also a command that follows indentation or `Usage:`, or that is in `$(…)`. */
  readonly lines: (text: string) => string;
}

const quoted = /(?<=`)godwit (?=[A-Za-z-])/g;
const alone = /(?<=^ +|`|\(|^\S*Usage\S*: )godwit (?=[A-Za-z-])/gm;

/** `npx godwit` and `npm exec godwit` set this variable; then a plain `godwit` need not be on the path. */
export function startedAs(env: Readonly<Record<string, string | undefined>>): StartedAs {
  if (env['npm_command'] !== 'exec') return { prose: (text) => text, lines: (text) => text };
  const shown = 'npx godwit ';
  return { prose: (text) => text.replaceAll(quoted, shown), lines: (text) => text.replaceAll(alone, shown) };
}
