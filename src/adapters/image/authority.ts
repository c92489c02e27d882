import type { IncomingMessage } from 'node:http';
import { FaultError } from '../../kit/fault.ts';
import { parseChallenges, type Challenge } from './challenge.ts';
import type { RegistryCredentials, RegistryCredential } from './credentials.ts';
import { LostConnection, readAll, type Http } from '../http/http.ts';
import { isGoogleHost, isLoopbackRegistry, type RepositoryName } from './reference.ts';
import { registryFault } from './registry-fault.ts';

/** The access that a request needs: `pull`, `pull,push`, `delete`; for a mount, also another repository to read. */
export interface RegistryScope extends RepositoryName {
  readonly actions: 'pull' | 'pull,push' | 'pull,push,delete';
  readonly from?: string;
}

/** Authenticates to registries, and remembers the tokens that they issued. */
export interface Authority {
  /** The header that is known to work for this scope, if any. */
  headerFor(scope: RegistryScope): Promise<string | undefined>;
  /** The header that answers a 401. @throws FaultError `registry-denied` when no header does. */
  answer(scope: RegistryScope, refused: IncomingMessage): Promise<string>;
}

interface RegistryToken {
  readonly header: string;
  /** Milliseconds since 1970. */
  readonly until: number;
}

/** A token is used only if it remains valid for at least this long. */
const marginMs = 20_000;

export function createAuthority(
  http: Http,
  credentials: RegistryCredentials,
  register: (secret: string) => void,
): Authority {
  const tokens = new Map<string, RegistryToken>();
  const known = new Map<string, Promise<RegistryCredential | undefined>>();
  const credentialOf = (host: string): Promise<RegistryCredential | undefined> => {
    const found = known.get(host) ?? findCredential(credentials, host);
    known.set(host, found);
    return found;
  };
  return {
    async headerFor(scope) {
      const token = tokens.get(keyOf(scope));
      if (token !== undefined && token.until > Date.now()) return token.header;
      const credential = await credentialOf(scope.host);
      // Google's registries accept the access token directly, which saves an exchange.
      return credential?.kind === 'google' && isGoogleHost(scope.host) ? `Bearer ${credential.token}` : undefined;
    },
    async answer(scope, refused) {
      const challenges = parseChallenges(refused.headers['www-authenticate'] ?? '');
      const credential = await credentialOf(scope.host);
      const bearer = challenges.find(({ scheme }) => scheme === 'bearer');
      const token =
        bearer === undefined
          ? basicToken(challenges, credential)
          : await fetchToken(http, { scope, challenge: bearer, credential });
      const body = await readAll(refused);
      if (token === undefined) throw denied(scope, refused.statusCode ?? 401, body.toString('utf8'));
      register(token.header.replace(/^\w+ /, ''));
      tokens.set(keyOf(scope), token);
      return token.header;
    },
  };
}

async function findCredential(credentials: RegistryCredentials, host: string): Promise<RegistryCredential | undefined> {
  const found = await credentials(host);
  if (!found.ok) throw new FaultError(...found.findings);
  return found.value;
}

function keyOf({ host, repository, actions, from }: RegistryScope): string {
  return [host, repository, actions, from ?? ''].join(' ');
}

function basicToken(
  challenges: readonly Challenge[],
  credential: RegistryCredential | undefined,
): RegistryToken | undefined {
  const offered = challenges.some(({ scheme }) => scheme === 'basic');
  const header = basicHeader(credential);
  return offered && header !== undefined ? { header, until: Number.POSITIVE_INFINITY } : undefined;
}

function basicHeader(credential: RegistryCredential | undefined): string | undefined {
  if (credential === undefined || credential.kind === 'refresh') return undefined;
  const pair =
    credential.kind === 'basic' ? `${credential.user}:${credential.password}` : `oauth2accesstoken:${credential.token}`;
  return `Basic ${Buffer.from(pair).toString('base64')}`;
}

interface TokenRequest {
  readonly scope: RegistryScope;
  readonly challenge: Challenge;
  readonly credential: RegistryCredential | undefined;
}

/**
 * Obtains a token at the address that the registry names, with the credential if there is one, otherwise anonymously.
 */
async function fetchToken(http: Http, request: TokenRequest): Promise<RegistryToken> {
  const { scope, challenge, credential } = request;
  const realm = safeRealm(request);
  const scopes = scopesOf(scope, challenge);
  const service = challenge.parameters['service'] ?? '';
  const answer =
    credential?.kind === 'refresh'
      ? await refresh(http, realm, { service, scope: scopes.join(' '), refresh_token: credential.token })
      : await get(http, realm, { service, scopes, authorization: basicHeader(credential) });
  const body = (await readAll(answer)).toString('utf8');
  const status = answer.statusCode ?? 0;
  // The token server is overloaded, which is not a refusal: the caller tries again.
  if (status === 429 || status >= 500) throw new LostConnection(`its token endpoint answered ${status}`);
  if (status !== 200) throw denied(scope, status, body);
  const reply = parse(body);
  const value = reply?.token ?? reply?.access_token;
  if (value === undefined) throw denied(scope, 401, 'its token endpoint returned no token');
  return { header: `Bearer ${value}`, until: Date.now() + (reply?.expires_in ?? 60) * 1000 - marginMs };
}

function get(
  http: Http,
  realm: URL,
  { service, scopes, authorization }: { service: string; scopes: readonly string[]; authorization: string | undefined },
): Promise<IncomingMessage> {
  if (service !== '') realm.searchParams.set('service', service);
  for (const one of scopes) realm.searchParams.append('scope', one);
  return http.send({
    method: 'GET',
    url: realm.href,
    headers: authorization === undefined ? {} : { authorization },
  });
}

function refresh(http: Http, realm: URL, form: Readonly<Record<string, string>>): Promise<IncomingMessage> {
  const body = new URLSearchParams({ grant_type: 'refresh_token', client_id: 'godwit', ...form });
  return http.send({
    method: 'POST',
    url: realm.href,
    headers: { 'content-type': 'application/x-www-form-urlencoded' },
    body: Buffer.from(body.toString()),
  });
}

/**
 * The address comes from the registry. It must be encrypted. A Google access token opens much more than a registry, so
 * it is sent only to the registry itself or to Google.
 */
function safeRealm({ scope, challenge, credential }: TokenRequest): URL {
  const text = challenge.parameters['realm'] ?? '';
  const realm = URL.canParse(text) ? new URL(text) : undefined;
  const isSafe = realm?.protocol === 'https:' || (realm?.protocol === 'http:' && isLoopbackRegistry(realm.host));
  if (realm === undefined || !isSafe)
    throw denied(scope, 401, `its token endpoint is unsafe: ${text === '' ? 'none' : text.slice(0, 80)}`);
  const isGoogles = isGoogleHost(realm.host) || realm.host.endsWith('.googleapis.com');
  if (credential?.kind === 'google' && realm.host !== scope.host && !isGoogles)
    throw denied(scope, 401, `it wants Google's access token sent to ${realm.host}`);
  return realm;
}

function scopesOf({ repository, actions, from }: RegistryScope, challenge: Challenge): readonly string[] {
  const own = [`repository:${repository}:${actions}`, ...(from === undefined ? [] : [`repository:${from}:pull`])];
  return [...new Set([...own, ...(challenge.parameters['scope'] ?? '').split(' ').filter((one) => one !== '')])];
}

interface TokenReply {
  readonly token?: string;
  readonly access_token?: string;
  readonly expires_in?: number;
}

function parse(body: string): TokenReply | undefined {
  try {
    return JSON.parse(body) as TokenReply;
  } catch {
    return undefined;
  }
}

function denied({ host, repository, actions }: RegistryScope, status: number, body: string): FaultError {
  const writes = actions !== 'pull';
  const activity = `logging in for ${writes ? 'writing into' : 'reading'}`;
  // Whatever the token server answered, the problem is access.
  return registryFault({ host, repository, activity, writes }, { status: status === 403 ? 403 : 401, body });
}
