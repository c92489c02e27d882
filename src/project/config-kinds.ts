import { milliseconds } from '../kit/duration.ts';
import { nearest } from '../kit/nearest.ts';

/** Says what is wrong with a value; empty when nothing is. */
export type Kind = (value: unknown, path: string) => readonly Problem[];

/** What is wrong, and where. */
export interface Problem {
  readonly path: string;
  readonly why: string;
  readonly fix?: string;
  readonly code?: 'url-in-file';
}

export const text: Kind = (value, path) =>
  typeof value === 'string' && value !== '' ? [] : [{ path, why: `must be a string, not ${show(value)}.` }];

/** A list of names with `*` and `?`. */
export const patterns: Kind = (value, path) => {
  if (!Array.isArray(value))
    return [
      {
        path,
        why: `must be a list of names, not ${show(value)}.`,
        ...(typeof value === 'string' ? { fix: `Write it like ${JSON.stringify([value])}.` } : {}),
      },
    ];
  return value.flatMap((one: unknown, index): readonly Problem[] =>
    typeof one === 'string' && one.trim() !== ''
      ? []
      : [{ path: `${path}[${index}]`, why: `must be the name of an object, not ${show(one)}.` }],
  );
};

export const flag: Kind = (value, path) =>
  typeof value === 'boolean' ? [] : [{ path, why: `must be true or false, not ${show(value)}.` }];

export const oneOf =
  (...words: readonly (string | number)[]): Kind =>
  (value, path) => {
    if (words.includes(value as string)) return [];
    const near = typeof value === 'string' ? nearest(value, words.map(String)) : undefined;
    return [
      {
        path,
        why: `must be one of ${words.map((word) => JSON.stringify(word)).join(', ')}, not ${show(value)}.`,
        ...(near === undefined ? {} : { fix: `Did you mean "${near}"?` }),
      },
    ];
  };

export const shape =
  (keys: Readonly<Record<string, Kind>>): Kind =>
  (value, path) => {
    if (!isRecord(value)) return [{ path, why: `must be an object, not ${show(value)}.` }];
    return Object.entries(value).flatMap(([key, member]) => {
      const kind = Object.hasOwn(keys, key) ? keys[key] : undefined;
      if (member === undefined) return [];
      return kind === undefined ? [unknownKey(join(path, key), key, Object.keys(keys))] : kind(member, join(path, key));
    });
  };

function unknownKey(path: string, key: string, known: readonly string[]): Problem {
  const near = nearest(key, known);
  return {
    path,
    why: 'unknown key.',
    fix: near === undefined ? `Known keys here: ${known.join(', ')}.` : `Did you mean \`${near}\`?`,
  };
}

export const variable: Kind = (value, path) => {
  if (typeof value === 'string' && /^[A-Za-z_][A-Za-z0-9_]*$/.test(value)) return [];
  // The value is not shown: it may be the URL, put here by mistake.
  return [
    {
      path,
      why: 'must be the name of an environment variable.',
      fix: 'Write the name, such as "DATABASE_URL", not its value.',
    },
  ];
};

export const passwordlessUrl: Kind = (value, path) => {
  if (typeof value !== 'string') return [{ path, why: 'must be a string.' }];
  const holdsPassword = /^[^/]*\/\/[^@]*:[^@]*@/.test(value) || /[?&\s]password\s*=/i.test(value);
  return holdsPassword ? [{ path, why: 'holds a password.', code: 'url-in-file' }] : [];
};

export const duration: Kind = (value, path) =>
  typeof value === 'string' && milliseconds(value) !== undefined
    ? []
    : [{ path, why: `must be a duration, not ${show(value)}.`, fix: 'Write it like "30s", "5min" or "1h".' }];

export const count: Kind = (value, path) =>
  Number.isSafeInteger(value) && Number(value) >= 0
    ? []
    : [{ path, why: `must be a whole number, not ${show(value)}.` }];

export function join(path: string, key: string): string {
  return path === '' ? key : `${path}.${key}`;
}

export function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** A value in a message: short, and never one that could be a URL. */
export function show(value: unknown): string {
  if (value === undefined) return 'nothing';
  if (typeof value === 'bigint' || typeof value === 'function') return `a ${typeof value}`;
  let shown: string;
  try {
    shown = JSON.stringify(value) ?? typeof value;
  } catch {
    // The value contains itself, or a value that JSON cannot represent.
    shown = '//';
  }
  return shown.length > 40 || shown.includes('//') ? `a ${Array.isArray(value) ? 'list' : typeof value}` : shown;
}
