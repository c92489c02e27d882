import { readFileSync } from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { fault } from '../../kit/fault.ts';
import type { Finding } from '../../kit/finding.ts';
import { err, ok, type Outcome } from '../../kit/outcome.ts';
import type { Redactor } from '../../kit/redact.ts';
import { readings } from '../../kit/secret-parts.ts';
import { isFilePath, type ProcessVariables } from '../../kit/secret-variables.ts';

/** Application default credentials, as a file holds them. */
export interface CredentialFile {
  /** How findings name it. */
  readonly label: string;
  readonly content: Readonly<Record<string, unknown>>;
}

const variable = 'GOOGLE_APPLICATION_CREDENTIALS';

/**
 * Reads the file of the application default credentials: the one that GOOGLE_APPLICATION_CREDENTIALS names, else
 * gcloud's own. Google's library would quote what it cannot read; so the file is read and checked here, and its secrets
 * are registered for masking. Undefined: there is no file.
 */
export function readDefaultCredentials(env: ProcessVariables, redactor: Redactor): Outcome<CredentialFile | undefined> {
  const value = (env[variable] ?? env[variable.toLowerCase()] ?? '').trim();
  if (value === '') return readFile(gcloudFile(env), 'The file of gcloud', redactor, true);
  if (!isFilePath(value)) return err(noPath(value));
  return readFile(value, `The file that ${variable} names`, redactor, false);
}

function gcloudFile(env: ProcessVariables): string {
  const name = 'application_default_credentials.json';
  const folder = env['CLOUDSDK_CONFIG'] ?? '';
  return folder === '' ? join(env['HOME'] ?? homedir(), '.config', 'gcloud', name) : join(folder, name);
}

/** What stands in place of a path is told by its kind, and quoted in no part. */
function noPath(value: string): Finding {
  return invalid(
    `${variable} must be the path of a file. Its value is ${kindOf(value)}.`,
    `Write the credentials into a file that only you can read, and set ${variable} to its path. In GitHub Actions, google-github-actions/auth does both, or needs no key at all with \`workload_identity_provider\`. The value may be in a log by now: if others can read that, replace the key.`,
  );
}

function kindOf(value: string): string {
  const texts = readings(value);
  for (const [kind, sign] of kinds) {
    const found = texts.findIndex((text) => sign.test(text));
    if (found !== -1) return texts[found]?.trim() === value ? kind : `${kind}, encoded or in quotes`;
  }
  return 'no path: it is not shown here, because it may be a secret';
}

const kinds: readonly (readonly [string, RegExp])[] = [
  ['the content of such a file (JSON)', /^\s*[{[]|"(?:type|private_key|client_email|client_id)"\s*:/],
  ['a private key', /-----BEGIN |PRIVATE KEY/],
  ['a token or a key', /^(?:ya29\.|1\/\/|eyJ|GOCSPX|AIza)/],
];

function readFile(
  path: string,
  label: string,
  redactor: Redactor,
  optional: boolean,
): Outcome<CredentialFile | undefined> {
  const name = `${label}, ${path},`;
  let text: string;
  try {
    text = readFileSync(path, 'utf8').replace(/^\uFEFF/, '');
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (optional && (code === 'ENOENT' || code === 'ENOTDIR')) return ok(undefined);
    return err(invalid(`${name} ${unreadable[code ?? ''] ?? `cannot be read: ${code ?? 'unknown error'}`}.`));
  }
  redactor.register(text.trim());
  const content = objectOf(text);
  const problem = content === undefined ? noJson(text) : problemOf(content);
  return content === undefined || problem !== undefined
    ? err(invalid(`${name} ${problem ?? ''}.`))
    : ok({ label: name, content });
}

const unreadable: Readonly<Record<string, string>> = {
  ENOENT: 'does not exist',
  ENOTDIR: 'does not exist',
  EISDIR: 'is a folder',
  EACCES: 'may not be read by this user',
};

function objectOf(text: string): CredentialFile['content'] | undefined {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === 'object' && value !== null && !Array.isArray(value)
      ? (value as CredentialFile['content'])
      : undefined;
  } catch {
    return undefined;
  }
}

function noJson(text: string): string {
  if (text.trim() === '') return 'is empty';
  const [, ...decoded] = readings(text.trim());
  if (decoded.some((one) => objectOf(one) !== undefined)) return 'holds the JSON encoded or in quotes: decode it';
  return 'is not JSON, or was cut off';
}

/** What each kind of credentials must hold. */
const members: Readonly<Record<string, readonly string[]>> = {
  service_account: ['client_email', 'private_key'],
  authorized_user: ['client_id', 'client_secret', 'refresh_token'],
  external_account: ['audience', 'subject_token_type', 'token_url', 'credential_source'],
  external_account_authorized_user: ['token_url', 'client_id', 'client_secret', 'refresh_token'],
  impersonated_service_account: ['source_credentials', 'service_account_impersonation_url'],
};

function problemOf(content: CredentialFile['content']): string | undefined {
  if (content['installed'] !== undefined || content['web'] !== undefined)
    return 'describes an OAuth client, which cannot log in on its own';
  const type = content['type'];
  if (typeof type !== 'string') return 'has no member `type`, which all of Google’s credentials have';
  const needed = Object.hasOwn(members, type) ? (members[type] ?? []) : [];
  const missing = needed.filter((member) => content[member] === undefined || content[member] === '');
  return missing.length === 0 ? undefined : `lacks ${missing.map((member) => `\`${member}\``).join(', ')}`;
}

function invalid(why: string, fix?: string): Finding {
  return fault('google-credentials-invalid', { why, ...(fix === undefined ? {} : { fix }) });
}
