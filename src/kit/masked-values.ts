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
 * @param story what texts that tell what happened become
 */
export function maskedValues<T>(value: T, redact: (text: string) => string, story = maskCredentials): T {
  return masked(value, { redact, story }) as T;
}

type Maskings = Readonly<Record<'redact' | 'story', (text: string) => string>>;

function masked(value: unknown, maskings: Maskings): unknown {
  const { redact, story } = maskings;
  if (typeof value === 'string') return redact(value);
  if (Array.isArray(value)) return value.map((item) => masked(item, maskings));
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(
    Object.entries(value).map(([key, member]) => {
      if (typeof member !== 'string') return [key, masked(member, maskings)];
      if (vocabulary.has(key)) return [key, member];
      return [key, stories.has(key) ? story(redact(member)) : redact(member)];
    }),
  );
}
