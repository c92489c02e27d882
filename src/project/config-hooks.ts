import { duration, isRecord, join, shape, show, type Kind, type Problem } from './config-kinds.ts';
import { imageName } from './config-cloud-run.ts';

const hookName: Kind = (value, path) =>
  typeof value === 'string' && /^[A-Za-z0-9][A-Za-z0-9_-]{0,62}$/.test(value)
    ? []
    : [{ path, why: `must be a name of letters, digits, \`_\` and \`-\`, not ${show(value)}.` }];

const words: Kind = (value, path) => {
  const list: readonly unknown[] = Array.isArray(value) ? value : [];
  if (list.length > 0 && list[0] !== '' && list.every((word) => typeof word === 'string' && !word.includes('\0')))
    return [];
  const line = typeof value === 'string' ? value.trim().split(/\s+/) : ['npm', 'run', 'smoke'];
  return [
    {
      path,
      why: 'must be a list: the program and its arguments. No shell splits a command line.',
      fix: `Write it like ${JSON.stringify(line)}.`,
    },
  ];
};

const hookShape = shape({ name: hookName, command: words, image: imageName, timeout: duration });

const hook: Kind = (value, path) => {
  const problems = hookShape(value, path);
  if (!isRecord(value)) return problems;
  const missing = ['name', 'command'].filter((key) => value[key] === undefined);
  return [...problems, ...missing.map((key): Problem => ({ path: join(path, key), why: 'is missing.' }))];
};

const hooks: Kind = (value, path) => {
  if (!Array.isArray(value)) return [{ path, why: `must be a list of hooks, not ${show(value)}.` }];
  const problems = value.flatMap((one, index) => hook(one, `${path}[${index}]`));
  const names = value.flatMap((one) => (isRecord(one) && typeof one['name'] === 'string' ? [one['name']] : []));
  const twice = names.find((name, index) => names.indexOf(name) !== index);
  return twice === undefined ? problems : [...problems, { path, why: `has two hooks \`${twice}\`.` }];
};

/** The hooks that follow a run. */
export const after: Kind = shape({ up: hooks });

/** Refuses hook images in an environment whose engine has no images. */
export function imagesWithoutEngine(environment: Readonly<Record<string, unknown>>, path: string): readonly Problem[] {
  const following = environment['after'];
  const list = isRecord(following) && Array.isArray(following['up']) ? following['up'] : [];
  return list.flatMap((one: unknown, index): readonly Problem[] =>
    isRecord(one) && one['image'] !== undefined
      ? [
          {
            path: join(path, `after.up[${index}].image`),
            why: 'has no effect where commands run on this machine.',
            fix: 'Remove it.',
          },
        ]
      : [],
  );
}

/** Refuses `requires` if the other environment does not exist, or if it leads back to the same one. */
export function unmetRequirements(environments: Readonly<Record<string, unknown>>, path: string): readonly Problem[] {
  const requiredBy = (name: string): unknown => {
    const options = Object.hasOwn(environments, name) ? environments[name] : undefined;
    return isRecord(options) ? options['requires'] : undefined;
  };
  return Object.keys(environments).flatMap((name): readonly Problem[] => {
    const wanted = requiredBy(name);
    if (typeof wanted !== 'string') return [];
    const place = join(join(path, name), 'requires');
    const known = ['local', ...Object.keys(environments)];
    if (!known.includes(wanted))
      return [
        { path: place, why: `names \`${wanted}\`, which is not an environment.`, fix: `Known: ${known.join(', ')}.` },
      ];
    const seen = new Set([name]);
    for (let next: unknown = wanted; typeof next === 'string'; next = requiredBy(next)) {
      if (seen.has(next))
        return [{ path: place, why: `leads back to \`${next}\`: no environment could be the first.` }];
      seen.add(next);
    }
    return [];
  });
}
