import { readings } from './secret-parts.ts';

/** The environment variables of a process. */
export type ProcessVariables = Readonly<Record<string, string | undefined>>;

/** Variables whose whole value is a credential, whatever it looks like. */
const credentials: ReadonlySet<string> = new Set([
  'PGPASSWORD',
  'GOOGLE_OAUTH_ACCESS_TOKEN',
  'CLOUDSDK_AUTH_ACCESS_TOKEN',
  'GOOGLE_CREDENTIALS',
  'NODE_AUTH_TOKEN',
  'DOCKER_AUTH_CONFIG',
  'ACTIONS_ID_TOKEN_REQUEST_TOKEN',
]);
/** Names that people and platforms give to credentials. */
const credentialName =
  /(?:^|_)(?:password|passwd|token|private_key|api_key|secret_key|access_key|client_secret|_auth|_authtoken|service_account_key|sa_key|gcp_key)$|:_(?:auth|authtoken|password)$/i;
/** A shorter value, or one of a single kind of characters, is a setting such as `true`, `10` or a name. */
const plainValue = /^(?:[A-Za-z-]+|\d+|\/.*|https?:\/\/[^@]*)$/;
const shortest = 8;

/**
 * The secrets among the variables of an environment: values of variables that hold credentials, and passwords of URLs in
 * any variable. They are registered for masking before anything else reads them.
 *
 * @example
 * secretsIn({ PGPASSWORD: 'parrot', DATABASE_URL: 'postgresql://app:p%40rrot@db/shop' });
 * // ['parrot', 'postgresql://app:p%40rrot@db/shop', 'p%40rrot', 'p@rrot']
 */
export function secretsIn(env: ProcessVariables): readonly string[] {
  const found = new Set<string>();
  for (const [name, value = ''] of Object.entries(env)) {
    if (value.trim() === '') continue;
    if (holdsCredential(name, value)) found.add(value).add(value.trim());
    // Somebody else's URL may have a password such as `postgres`, which is also a word of ours.
    const own = name === 'DATABASE_URL';
    for (const password of passwordsOf(value))
      if (own || password.length >= shortest) found.add(value.trim()).add(password);
  }
  return [...found];
}

function holdsCredential(name: string, value: string): boolean {
  if (credentials.has(name.toUpperCase())) return true;
  if (/^google_application_credentials$/i.test(name)) return !isFilePath(value);
  return credentialName.test(name) && value.length >= shortest && !plainValue.test(value.trim());
}

/**
 * Whether a value can be the path of a file, so that it may be shown: one line of the letters that paths have, and
 * nothing that reads like a key or a token.
 */
export function isFilePath(value: string): boolean {
  if (value.length > 1_024 || !/^[\p{L}\p{N}\p{M} ./\\~@:+,=()[\]_$-]+$/u.test(value)) return false;
  if (readings(value).some((text) => text !== value.trim() && text !== value)) return false;
  // Names that people and programs give to files are shorter.
  if (value.split(/[/\\]/).some((name) => name.length > 80)) return false;
  if (/^(?:ya29\.|1\/\/|eyJ|GOCSPX|AIza)/.test(value) || /BEGIN [A-Z ]*KEY/.test(value)) return false;
  return /[./\\~]/.test(value) || value.length < 40;
}

/** The passwords in a text that is meant as a connection URL or as a connection string, raw and decoded. */
function passwordsOf(text: string): readonly string[] {
  const found = new Set<string>();
  const authority = /^["'\s]*[a-z][a-z0-9+.-]*:\/\/([^]*)$/i.exec(text)?.[1];
  if (authority !== undefined) {
    // A password that is not encoded may contain @, / and ?: take it up to the first @ and up to the last one.
    const colon = authority.indexOf(':');
    const ends = [authority.indexOf('@'), authority.lastIndexOf('@')].filter((at) => colon !== -1 && at > colon);
    for (const at of ends) addForms(authority.slice(colon + 1, at), found);
    for (const [, value = ''] of authority.matchAll(/[?&](?:ssl)?password=([^&#\s]*)/gi)) addForms(value, found);
  } else if (/\b(?:host|dbname|user)\s*=/i.test(text)) {
    for (const [, quoted, bare] of text.matchAll(/\bpassword\s*=\s*(?:'((?:[^'\\]|\\.)*)'|([^\s;]+))/gi))
      addForms((quoted ?? bare ?? '').replaceAll(/\\(.)/g, '$1'), found);
  }
  return [...found];
}

function addForms(raw: string, found: Set<string>): void {
  if (raw === '') return;
  found.add(raw);
  try {
    found.add(decodeURIComponent(raw));
  } catch {
    // It is not encoded.
  }
}
