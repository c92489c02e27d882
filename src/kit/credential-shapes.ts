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
  /**
   * What each text of this shape contains, in lower case, one of these. Most texts contain none: to look for that takes
   * a fraction of the time of a pattern, which V8 has to compile first.
   */
  readonly signs: readonly string[];
  /** The last group that matched is the secret; without a group all of it. */
  readonly pattern: RegExp;
}

const member =
  'private_key|private_key_id|client_secret|refresh_token|access_token|id_token|subject_token|identitytoken|password|api_key|auth';

const shapes: readonly CredentialShape[] = [
  {
    kind: 'a private key',
    signs: ['private key-----'],
    pattern: /-----BEGIN [A-Z ]*PRIVATE KEY-----((?:\\+[nr]|[A-Za-z0-9+/=\s])*)/dg,
  },
  {
    kind: 'a secret of JSON credentials',
    signs: ['"'],
    pattern: new RegExp(`\\\\*"(?:${member})\\\\*"\\s*:\\s*\\\\*"([^"]+)`, 'dgi'),
  },
  {
    kind: 'a Google token',
    signs: ['ya29.', '1//0', 'gocspx-', 'aiza'],
    pattern: /\b(?:ya29\.[\w.-]{8,}|1\/\/0[\w-]{8,}|GOCSPX-[\w-]{8,}|AIza[\w-]{30,})/dg,
  },
  { kind: 'a signed token', signs: ['eyj'], pattern: /\beyJ[\w-]{8,}\.[\w-]{8,}(?:\.[\w-]*)?/dg },
  {
    kind: 'a token of a forge or registry',
    signs: ['ghp_', 'gho_', 'ghu_', 'ghs_', 'ghr_', 'github_pat_', 'glpat-', 'npm_'],
    pattern: /\b(?:gh[pousr]_|github_pat_|glpat-|npm_)[\w-]{20,}/dg,
  },
  { kind: 'an access key', signs: ['akia'], pattern: /\bAKIA[0-9A-Z]{16}\b/dg },
  {
    kind: 'a password in a URL',
    signs: ['://'],
    pattern: /\b[a-z][a-z0-9+.-]{0,30}:\/\/[^\s:/@"'<>`]{0,200}:([^\s"'<>`]+)@/dgi,
  },
  { kind: 'a password in a URL', signs: ['password='], pattern: /[?&](?:ssl)?password=([^&\s"'<>`]+)/dgi },
  { kind: 'a password', signs: ['password'], pattern: /\bpassword\s+E?'((?:[^']|'')+)'/dgi },
  { kind: 'a password', signs: ['password'], pattern: /\bpassword\s+(\$(?:[a-z_]\w{0,60})?\$)(.{1,1000}?)\1/dgi },
  {
    kind: 'a password',
    signs: ['password', 'passwd'],
    pattern: /\b[a-z_]*(?:password|passwd)\s?=\s?(?:'((?:[^'\\]|\\.)+)'|"([^"]+)"|([^\s'"&;,]+))/dgi,
  },
  { kind: 'a token in a header', signs: ['bearer', 'basic'], pattern: /\b(?:bearer|basic)\s+([\w.~+/-]{16,}=*)/dgi },
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
  const lower = text.toLowerCase();
  for (const { kind, signs, pattern } of shapes) {
    if (!signs.some((sign) => lower.includes(sign))) continue;
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
