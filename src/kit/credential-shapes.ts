/** A credential that a text holds, known by its shape. */
export interface FoundCredential {
  /** `a private key`, `a password in a URL`, … */
  readonly kind: string;
  /** Where it begins and ends, counted in UTF-16 code units. */
  readonly from: number;
  readonly to: number;
}

interface CredentialShape {
  readonly kind: string;
  /** The last group that matched is the secret; without a group all of it. */
  readonly pattern: RegExp;
}

const member =
  'private_key|private_key_id|client_secret|refresh_token|access_token|id_token|subject_token|identitytoken|password|api_key|auth';

const shapes: readonly CredentialShape[] = [
  {
    kind: 'a private key',
    pattern: /-----BEGIN [A-Z ]*PRIVATE KEY-----((?:\\+[nr]|[A-Za-z0-9+/=\s])*)/dg,
  },
  {
    kind: 'a secret of JSON credentials',
    pattern: new RegExp(`\\\\*"(?:${member})\\\\*"\\s*:\\s*\\\\*"([^"]+)`, 'dgi'),
  },
  { kind: 'a Google token', pattern: /\b(?:ya29\.[\w.-]{8,}|1\/\/0[\w-]{8,}|GOCSPX-[\w-]{8,}|AIza[\w-]{30,})/dg },
  { kind: 'a signed token', pattern: /\beyJ[\w-]{8,}\.[\w-]{8,}(?:\.[\w-]*)?/dg },
  { kind: 'a token of a forge or registry', pattern: /\b(?:gh[pousr]_|github_pat_|glpat-|npm_)[\w-]{20,}/dg },
  { kind: 'an access key', pattern: /\bAKIA[0-9A-Z]{16}\b/dg },
  { kind: 'a password in a URL', pattern: /\b[a-z][a-z0-9+.-]{0,30}:\/\/[^\s:/@"'<>`]{0,200}:([^\s"'<>`]+)@/dgi },
  { kind: 'a password in a URL', pattern: /[?&](?:ssl)?password=([^&\s"'<>`]+)/dgi },
  { kind: 'a password', pattern: /\bpassword\s+E?'((?:[^']|'')+)'/dgi },
  { kind: 'a password', pattern: /\bpassword\s+(\$(?:[a-z_]\w{0,60})?\$)(.{1,1000}?)\1/dgi },
  {
    kind: 'a password',
    pattern: /\b[a-z_]*(?:password|passwd)\s?=\s?(?:'((?:[^'\\]|\\.)+)'|"([^"]+)"|([^\s'"&;,]+))/dgi,
  },
  { kind: 'a token in a header', pattern: /\b(?:bearer|basic)\s+([\w.~+/-]{16,}=*)/dgi },
];

/** What examples, masks and references put in place of a secret. */
const placeholder = /^(?:[A-Z_]{3,}|\*+|…|x+|\.{3}|<.*>|\$.*|%\d?s|\{.*\}|(?:null|none|true|false)\b.*)$/;

/**
 * The credentials in a text that nobody has registered: keys, tokens, passwords in URLs and in statements.
 *
 * @example
 * findCredentials('tried postgresql://app:parrot@db/shop');
 * // [{ kind: 'a password in a URL', from: 23, to: 29 }]
 */
export function findCredentials(text: string): readonly FoundCredential[] {
  const found: FoundCredential[] = [];
  for (const { kind, pattern } of shapes) {
    for (const match of text.matchAll(pattern)) {
      const [from, to] = match.indices?.findLast((range) => range !== undefined) ?? [0, 0];
      if (to > from && !placeholder.test(text.slice(from, to))) found.push({ kind, from, to });
    }
  }
  found.sort((a, b) => a.from - b.from || b.to - a.to);
  let end = 0;
  return found.filter(({ from, to }) => {
    if (from < end) return false;
    end = to;
    return true;
  });
}

/** Masks what looks like a credential. */
export function maskCredentials(text: string): string {
  let result = '';
  let at = 0;
  for (const { from, to } of findCredentials(text)) {
    result += `${text.slice(at, from)}***`;
    at = to;
  }
  return result + text.slice(at);
}
