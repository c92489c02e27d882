import { fault } from '../kit/fault.ts';
import type { Finding } from '../kit/finding.ts';
import { milliseconds } from '../kit/duration.ts';
import { nearest } from '../kit/nearest.ts';
import { bad, good, type Outcome } from '../kit/outcome.ts';
import type { Config } from './config-model.ts';

/** Says what is wrong with a value; undefined when nothing is. */
type Kind = (value: unknown, path: string) => readonly Problem[];

interface Problem {
  readonly path: string;
  readonly why: string;
  readonly fix?: string;
  readonly code?: 'url-in-file';
}

/** The configuration, when every key is known and has a value of the right kind; else a fault for each that is not. */
export function checkConfig(value: unknown, file: string): Outcome<Config> {
  const problems = configShape(value, '');
  if (problems.length === 0) return good(value as Config);
  return bad(...problems.map((problem) => finding(problem, file)));
}

function finding({ path, why, fix, code }: Problem, file: string): Finding {
  return fault(code ?? 'config-invalid', {
    why: path === '' ? why : `${path}: ${why}`,
    ...(fix === undefined ? {} : { fix }),
    where: { file },
  });
}

const text: Kind = (value, path) =>
  typeof value === 'string' && value !== '' ? [] : [{ path, why: `must be a text, not ${show(value)}.` }];

const flag: Kind = (value, path) =>
  typeof value === 'boolean' ? [] : [{ path, why: `must be true or false, not ${show(value)}.` }];

const oneOf =
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

const shape =
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
    why: 'is no key of the configuration.',
    fix: near === undefined ? `Known here are ${known.join(', ')}.` : `Did you mean \`${near}\`?`,
  };
}

const variable: Kind = (value, path) => {
  if (typeof value === 'string' && /^[A-Za-z_][A-Za-z0-9_]*$/.test(value)) return [];
  // The value itself may be the URL that was put here by mistake: it is not shown.
  return [
    {
      path,
      why: 'must be the name of an environment variable.',
      fix: 'Write the name, such as "DATABASE_URL", not its value.',
    },
  ];
};

const passwordlessUrl: Kind = (value, path) => {
  if (typeof value !== 'string') return [{ path, why: 'must be a text.' }];
  const holdsPassword = /^[^/]*\/\/[^@]*:[^@]*@/.test(value) || /[?&\s]password\s*=/i.test(value);
  return holdsPassword ? [{ path, why: 'holds a password.', code: 'url-in-file' }] : [];
};

const duration: Kind = (value, path) =>
  typeof value === 'string' && milliseconds(value) !== undefined
    ? []
    : [{ path, why: `must be a duration, not ${show(value)}.`, fix: 'Write it like "30s", "5min" or "1h".' }];

const count: Kind = (value, path) =>
  Number.isSafeInteger(value) && Number(value) >= 0
    ? []
    : [{ path, why: `must be a whole number, not ${show(value)}.` }];

const databaseKeys: Readonly<Record<string, Kind>> = { env: variable, url: passwordlessUrl };

const database: Kind = (value, path) => {
  if (value === 'embedded') return [];
  if (typeof value === 'string') {
    const hint = /:\/\//.test(value)
      ? 'Put the URL into an environment variable: database: { env: "DATABASE_URL" }.'
      : undefined;
    return [
      { path, why: 'must be "embedded", { env: NAME } or { url: URL }.', ...(hint === undefined ? {} : { fix: hint }) },
    ];
  }
  const problems = shape(databaseKeys)(value, path);
  if (problems.length > 0 || !isRecord(value)) return problems;
  return Object.keys(value).length === 1 ? [] : [{ path, why: 'must have one key: `env` or `url`.' }];
};

const directUrl: Kind = (value, path) =>
  value === 'embedded' ? [{ path, why: 'must be { env: NAME } or { url: URL }.' }] : database(value, path);

const environment = shape({
  database,
  directUrl,
  major: oneOf(14, 15, 16, 17, 18),
  protected: flag,
  checkpoint: oneOf('never', 'destructive', 'always'),
  triggers: oneOf('fire', 'inspect'),
  locks: shape({ budget: duration, concurrent: duration, waiters: count }),
  migrations: text,
  engine: oneOf('local'),
});

/** What the name of an environment may be. */
export const environmentName = /^[A-Za-z][A-Za-z0-9_-]{0,62}$/;

const environments: Kind = (value, path) => {
  if (!isRecord(value)) return [{ path, why: `must be an object, not ${show(value)}.` }];
  return Object.entries(value).flatMap(([name, member]) =>
    environmentName.test(name)
      ? environment(member, join(path, name))
      : [
          {
            path: join(path, name),
            why: 'is no name for an environment: a letter, then letters, digits, `_` and `-`.',
          },
        ],
  );
};

const configShape = shape({ $schema: text, migrations: text, environments });

function join(path: string, key: string): string {
  return path === '' ? key : `${path}.${key}`;
}

function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** A value in a message: short, and never one that could be a URL. */
function show(value: unknown): string {
  if (value === undefined) return 'nothing';
  if (typeof value === 'bigint' || typeof value === 'function') return `a ${typeof value}`;
  let shown: string;
  try {
    shown = JSON.stringify(value) ?? typeof value;
  } catch {
    // It holds itself, or what JSON does not know.
    shown = '//';
  }
  return shown.length > 40 || shown.includes('//') ? `a ${Array.isArray(value) ? 'list' : typeof value}` : shown;
}
