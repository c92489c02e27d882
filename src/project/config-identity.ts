import { isRecord, join, show, type Kind, type Problem } from './config-kinds.ts';

/** The environment that `copied-from NAME` names. */
export function originalOf(identity: unknown): string | undefined {
  return typeof identity === 'string' ? /^copied-from ([A-Za-z][A-Za-z0-9_-]*)$/.exec(identity)?.[1] : undefined;
}

export const identity: Kind = (value, path) =>
  originalOf(value) === undefined
    ? [{ path, why: `must be "copied-from NAME", not ${show(value)}.`, fix: 'Write it like "copied-from prod".' }]
    : [];

/** Refuses an original that cannot be pinned: it must be another environment on a server, and not a copy itself. */
export function unknownOriginals(environments: Readonly<Record<string, unknown>>, path: string): readonly Problem[] {
  return Object.entries(environments).flatMap(([name, options]): readonly Problem[] => {
    const original = isRecord(options) ? originalOf(options['identity']) : undefined;
    if (original === undefined) return [];
    const place = join(join(path, name), 'identity');
    const found = Object.hasOwn(environments, original) ? environments[original] : undefined;
    if (original === name) return [{ path: place, why: 'names the environment itself.' }];
    if (!isRecord(found)) {
      const known = Object.keys(environments).filter((other) => other !== name);
      return [
        {
          path: place,
          why: `names \`${original}\`, which is not an environment here.`,
          fix: `Known: ${known.join(', ')}.`,
        },
      ];
    }
    if (found['identity'] !== undefined)
      return [{ path: place, why: `names \`${original}\`, which is a copy itself.` }];
    const embedded = !isRecord(found['engine']) && (found['database'] ?? 'embedded') === 'embedded';
    return embedded || original === 'local'
      ? [{ path: place, why: `names \`${original}\`, which is not pinned in godwit.lock.json.` }]
      : [];
  });
}
