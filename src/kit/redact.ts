import { secretParts } from './secret-parts.ts';

/** Replaces every registered secret in a text. Screen, JSON, ledger and events all use the same one. */
export interface Redactor {
  /**
   * Registers a secret and its parts (lines of a key, secret members of JSON) in all the forms in which they may appear
   * (raw, percent-encoded, JSON-escaped once or twice, base64).
   */
  register(secret: string): void;
  /** Shows what this text contains: for a command whose purpose is to print a secret. */
  reveal(text: string): void;
  /** @param goesOn true: more text follows, so a secret that begins at the end of this one is left for the next call */
  redact(text: string, goesOn?: boolean): string;
  /** How many characters at the end of a text may be the start of a secret: cutting there would reveal a part of it. */
  unfinished(text: string): number;
  /** Length of the longest registered form, in characters. */
  readonly longest: number;
}

const mask = '***';

/**
 * Creates a redactor without secrets. Values under 3 characters are not registered: masking them would mangle every
 * text.
 */
export function createRedactor(): Redactor {
  const forms = new Set<string>();
  let ordered: readonly string[] = [];
  let beginnings: ReadonlyMap<string, readonly string[]> = new Map();
  const order = (): void => {
    beginnings = beginningsOf(forms);
    ordered = [...forms].sort((a, b) => b.length - a.length);
  };
  return {
    register(secret) {
      if (secret.length < 3) return;
      const before = forms.size;
      for (const part of [secret, ...secretParts(secret)])
        // Also in the form of its bytes, for output that is not decoded as text.
        for (const form of formsOf(part)) forms.add(form).add(bytesOf(form));
      if (forms.size > before) order();
    },
    reveal(text) {
      for (const form of ordered) if (text.includes(form)) forms.delete(form);
      order();
    },
    redact(text, goesOn = false) {
      let result = text;
      for (const form of ordered) if (result.includes(form)) result = result.replaceAll(form, mask);
      // Only then: the beginning of one form may be the beginning of another one, which is there as a whole.
      return withoutBeginnings(result, beginnings, goesOn);
    },
    unfinished(text) {
      return Math.max(0, ...ordered.map((form) => overlap(text, form)));
    },
    get longest() {
      return ordered[0]?.length ?? 0;
    },
  };
}

/** Texts are cut, by servers and libraries, too: of a long secret, a beginning of this length is masked as well. */
const head = 16;
const shortestCut = 24;

/** Long forms by their beginning. The one of a URL is no secret: it names scheme, user and host. */
function beginningsOf(forms: Iterable<string>): ReadonlyMap<string, readonly string[]> {
  const found = new Map<string, string[]>();
  for (const form of forms) {
    if (form.length < shortestCut || /^[a-z][a-z0-9+.-]*(?::|%3A)/i.test(form)) continue;
    const start = form.slice(0, head);
    found.set(start, [...(found.get(start) ?? []), form]);
  }
  return found;
}

/** Masks beginnings of secrets, each as far as one of its forms agrees. */
function withoutBeginnings(text: string, beginnings: ReadonlyMap<string, readonly string[]>, goesOn: boolean): string {
  let rest = text;
  for (const [start, forms] of beginnings) {
    let result = '';
    let from = 0;
    for (let at = rest.indexOf(start); at !== -1; at = rest.indexOf(start, from)) {
      const end = at + Math.max(...forms.map((form) => agreement(rest, at, form)));
      if (goesOn && end === rest.length) break;
      result += rest.slice(from, at) + mask;
      from = end;
    }
    rest = result + rest.slice(from);
  }
  return rest;
}

/** How far a text, from `at` on, is the beginning of `form`, in characters. */
function agreement(text: string, at: number, form: string): number {
  let length = head;
  while (length < form.length && text[at + length] === form[length]) length += 1;
  return length;
}

/** Length of the longest end of a text that is the start of `form`, but not all of it. */
function overlap(text: string, form: string): number {
  const last = text.at(-1);
  for (let length = Math.min(form.length - 1, text.length); length > 0; length -= 1)
    if (form[length - 1] === last && text.endsWith(form.slice(0, length))) return length;
  return 0;
}

function formsOf(secret: string): readonly string[] {
  const escaped = JSON.stringify(secret).slice(1, -1);
  const bytes = bytesOf(secret);
  const base64 = btoa(bytes).replace(/=+$/, '');
  const twice = JSON.stringify(escaped).slice(1, -1);
  const quoted = secret.replaceAll("'", "''");
  const percent = [encodeURIComponent(secret), encodeURI(secret)];
  // The digits of what is escaped may be in either case, and JSON may be written in ASCII alone.
  const ascii = [escaped, twice].flatMap((text) => [unicodeEscaped(text, '\\'), unicodeEscaped(text, '\\\\')]);
  const lower = percent.map((text) => text.replaceAll(/%[0-9A-F]{2}/g, (one) => one.toLowerCase()));
  const upper = ascii.map((text) => text.replaceAll(/(?<=\\u)[0-9a-f]{4}/g, (one) => one.toUpperCase()));
  return [secret, ...percent, ...lower, escaped, twice, ...ascii, ...upper, quoted, bytes, base64];
}

/** The text in ASCII, as JSON writes it where only that is allowed; inside another JSON text with two backslashes. */
function unicodeEscaped(text: string, backslash: string): string {
  return text.replaceAll(
    /[\u0080-\uffff]/g,
    (unit) => `${backslash}u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`,
  );
}

/** One character for each byte of a text in UTF-8. */
function bytesOf(text: string): string {
  return String.fromCharCode(...new TextEncoder().encode(text));
}
