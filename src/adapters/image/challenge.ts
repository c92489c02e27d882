/** One way in which a server accepts authentication: an element of `WWW-Authenticate`. */
export interface Challenge {
  /** The scheme in lower case: `bearer`, `basic`. */
  readonly scheme: string;
  /** The names are in lower case. */
  readonly parameters: Readonly<Record<string, string>>;
}

/**
 * Parses the header `WWW-Authenticate`: one challenge or several, with quoted or bare values.
 * @example
 * parseChallenges('Bearer realm="https://auth.example/token",service="registry",scope="repository:a:pull"')
 */
export function parseChallenges(header: string): readonly Challenge[] {
  const challenges: { scheme: string; parameters: Record<string, string> }[] = [];
  // A parameter is `name=value`; a word without `=` starts the next challenge.
  const piece = /\s*,?\s*(?:([\w!#$%&'*+.^`|~-]+)\s*=\s*(?:"((?:[^"\\]|\\.)*)"|([^\s,"]*))|([\w!#$%&'*+.^`|~-]+))/gy;
  for (let match = piece.exec(header); match !== null; match = piece.exec(header)) {
    const [, name, quoted, bare, scheme] = match;
    if (scheme !== undefined) challenges.push({ scheme: scheme.toLowerCase(), parameters: {} });
    const last = challenges.at(-1);
    if (name !== undefined && last !== undefined)
      last.parameters[name.toLowerCase()] = quoted === undefined ? (bare ?? '') : quoted.replaceAll(/\\(.)/g, '$1');
  }
  return challenges;
}
