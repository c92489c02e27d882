/** Rewrites commands in texts to the form in which this program was started. */
export interface StartedAs {
  /** In prose, a command is in backticks. */
  readonly prose: (text: string) => string;
  /** In lines, also a command after indentation or `Usage:`, or in `$(…)`. */
  readonly lines: (text: string) => string;
}

const quoted = /(?<=`)godwit (?=[A-Za-z-])/g;
const alone = /(?<=^ +|`|\(|^\S*Usage\S*: )godwit (?=[A-Za-z-])/gm;

/** `npx godwit` and `npm exec godwit` set `npm_command` to `exec`; then `godwit` alone may not be on the path. */
export function startedAs(env: Readonly<Record<string, string | undefined>>): StartedAs {
  if (env['npm_command'] !== 'exec') return { prose: (text) => text, lines: (text) => text };
  const shown = 'npx godwit ';
  return { prose: (text) => text.replaceAll(quoted, shown), lines: (text) => text.replaceAll(alone, shown) };
}
