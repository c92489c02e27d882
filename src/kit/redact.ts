/** Replaces every registered secret in a text. Screen, JSON, ledger and events all use the same one. */
export interface Redactor {
  /**
   * Registers a secret in all the forms in which it may appear (raw, percent-encoded, JSON-escaped once or twice,
   * base64).
   */
  register(secret: string): void;
  redact(text: string): string;
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
  return {
    register(secret) {
      if (secret.length < 3) return;
      // Also in the form of its bytes, for output that is not decoded as text.
      for (const form of formsOf(secret)) forms.add(form).add(bytesOf(form));
      ordered = [...forms].sort((a, b) => b.length - a.length);
    },
    redact(text) {
      let result = text;
      for (const form of ordered) if (result.includes(form)) result = result.replaceAll(form, mask);
      return result;
    },
    unfinished(text) {
      return Math.max(0, ...ordered.map((form) => overlap(text, form)));
    },
    get longest() {
      return ordered[0]?.length ?? 0;
    },
  };
}

/** Length of the longest end of a text that is the start of `form`, but not all of it. */
function overlap(text: string, form: string): number {
  for (let length = Math.min(form.length - 1, text.length); length > 0; length -= 1)
    if (text.endsWith(form.slice(0, length))) return length;
  return 0;
}

function formsOf(secret: string): readonly string[] {
  const escaped = JSON.stringify(secret).slice(1, -1);
  const bytes = bytesOf(secret);
  const base64 = btoa(bytes).replace(/=+$/, '');
  const twice = JSON.stringify(escaped).slice(1, -1);
  const quoted = secret.replaceAll("'", "''");
  return [secret, encodeURIComponent(secret), encodeURI(secret), escaped, twice, quoted, bytes, base64];
}

/** One character for each byte of a text in UTF-8. */
function bytesOf(text: string): string {
  return String.fromCharCode(...new TextEncoder().encode(text));
}
