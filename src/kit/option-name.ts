/** `dryRun` -> `dry-run` */
export function optionName(key: string): string {
  return key.replaceAll(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`);
}

/** The first of these options that was typed, as it is typed; what has no value was not. */
export function firstTyped(values: Readonly<Record<string, unknown>>): string | undefined {
  const key = Object.keys(values).find((name) => values[name] !== undefined && values[name] !== false);
  return key === undefined ? undefined : `--${optionName(key)}`;
}
