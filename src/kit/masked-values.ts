import { maskCredentials } from './credential-shapes.ts';

/** Values of these keys are godwit’s own terms: a password that happens to equal one must not break them. */
const vocabulary: ReadonlySet<string> = new Set([
  'kind',
  'task',
  'code',
  'severity',
  'outcome',
  'direction',
  'how',
  'cause',
  'mode',
  'run',
  'checksum',
  'hash',
  'head',
  'environment',
  'engine',
  'bundle',
  'execution',
  'question',
  'image',
  'secretVersion',
  'tool',
  'at',
  'noted',
  'startedAt',
  'finishedAt',
  'takenAt',
]);
/** Texts that tell what happened: they may quote what nobody has registered. */
const stories: ReadonlySet<string> = new Set(['why', 'failure', 'message']);

/**
 * Masks the secrets in all texts of a value. Each text is masked on its own: in the JSON of the whole, a secret could
 * equal a key, a number or punctuation. Texts that tell what happened lose also what merely looks like a credential.
 *
 * @param redact masks the secrets that are known
 */
export function maskedValues<T>(value: T, redact: (text: string) => string): T {
  return masked(value, redact) as T;
}

function masked(value: unknown, redact: (text: string) => string): unknown {
  if (typeof value === 'string') return redact(value);
  if (Array.isArray(value)) return value.map((item) => masked(item, redact));
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(
    Object.entries(value).map(([key, member]) => {
      if (typeof member !== 'string') return [key, masked(member, redact)];
      if (vocabulary.has(key)) return [key, member];
      return [key, stories.has(key) ? maskCredentials(redact(member)) : redact(member)];
    }),
  );
}
