/**
 * A path template as a matcher: returns the values of its variables in a path, or `undefined` when the path does not
 * match.
 */
export type PathMatcher = (path: string) => Readonly<Record<string, string>> | undefined;

/**
 * Compiles a `google.api.http` template. `*` is one segment without a colon, `**` any number of them; a variable without a
 * pattern is one segment.
 */
export function compileTemplate(template: string): PathMatcher {
  const names: string[] = [];
  let pattern = '';
  for (const part of template.split(/(\{[^}]*\})/)) {
    const variable = /^\{([^=}]+)(?:=([^}]*))?\}$/.exec(part);
    if (variable === null) {
      pattern += stars(part);
      continue;
    }
    names.push(variable[1] ?? '');
    pattern += `(${stars(variable[2] ?? '*')})`;
  }
  const expression = new RegExp(`^${pattern}$`);
  return (path) => {
    const match = expression.exec(path);
    if (match === null) return undefined;
    return Object.fromEntries(names.map((name, index) => [name, decodeURIComponent(match[index + 1] ?? '')]));
  };
}

function stars(text: string): string {
  return text
    .split(/(\*\*|\*)/)
    .map((part) => {
      if (part === '**') return '[^:]+';
      // Digests are names that contain a colon: `versions/sha256:…`.
      if (part === '*') return '(?:[^/:]|(?<=sha256):)+';
      return part.replace(/[.+?^$()[\]{}|\\]/g, '\\$&');
    })
    .join('');
}
