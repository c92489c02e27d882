/** Replaces every registered secret in a text. One sink for screen, JSON, ledger, events. */
export interface Redactor {
  /** Registers a secret in all the forms in which it may turn up (raw, percent-encoded, JSON-escaped once or twice, base64). */
  register(secret: string): void;
  redact(text: string): string;
}

const mask = '***';

/** A redactor without secrets. Values under 3 characters are not registered: masking them would shred every text. */
export function createRedactor(): Redactor {
  const forms = new Set<string>();
  let ordered: readonly string[] = [];
  return {
    register(secret) {
      if (secret.length < 3) return;
      for (const form of formsOf(secret)) forms.add(form);
      ordered = [...forms].sort((a, b) => b.length - a.length);
    },
    redact(text) {
      let result = text;
      for (const form of ordered) if (result.includes(form)) result = result.replaceAll(form, mask);
      return result;
    },
  };
}

function formsOf(secret: string): readonly string[] {
  const escaped = JSON.stringify(secret).slice(1, -1);
  const base64 = btoa(String.fromCharCode(...new TextEncoder().encode(secret))).replace(/=+$/, '');
  const twice = JSON.stringify(escaped).slice(1, -1);
  return [secret, encodeURIComponent(secret), encodeURI(secret), escaped, twice, secret.replaceAll("'", "''"), base64];
}
