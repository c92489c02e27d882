import type { AuthClient } from 'google-auth-library';
import { fault } from '../../kit/fault.ts';
import { err, ok, type Outcome } from '../../kit/outcome.ts';
import type { Redactor } from '../../kit/redact.ts';
import type { GoogleReply, GoogleRequest, Signature } from './request.ts';
import { tokenProblem } from './access-token.ts';
import { credentialFault } from './credential-fault.ts';
import { readDefaultCredentials } from './default-credentials.ts';
import { googleFault } from './fault.ts';
import { withQuotaProject } from './quota-project.ts';

/** Where requests get their signature from. */
export interface Credentials {
  get(): Promise<Outcome<Signature>>;
  /** Called when the token was refused, so that the next one is new. Returns false when no other token is available. */
  forget(): boolean;
}

/** What credentials are made from. */
interface CredentialOptions {
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly redactor: Redactor;
  readonly impersonate?: string;
  /** Sends a request with this signature, to exchange one token for another. */
  exchange<T>(request: GoogleRequest, signature: Signature): Promise<GoogleReply<T>>;
}

const scope = 'https://www.googleapis.com/auth/cloud-platform';

/** Chooses credentials by the environment: an existing token, or Google's application default credentials. */
export function createGoogleCredentials(options: CredentialOptions): Credentials {
  const own = ownCredentials(options);
  const source = options.impersonate === undefined ? own : impersonated(own, options, options.impersonate);
  return {
    async get() {
      const found = await source.get();
      if (found.ok) options.redactor.register(found.value.token);
      return found;
    },
    forget: () => source.forget(),
  };
}

const tokenVariable = 'GOOGLE_OAUTH_ACCESS_TOKEN';

function ownCredentials({ env, redactor }: CredentialOptions): Credentials {
  const given = (env[tokenVariable] ?? '').trim();
  if (given !== '') {
    redactor.register(given);
    const problem = tokenProblem(tokenVariable, given);
    const found = problem === undefined ? withQuotaProject(given, env, undefined) : err(problem);
    return { get: () => Promise.resolve(found), forget: () => false };
  }
  let client: Promise<Outcome<SigningClient>> | undefined;
  return {
    async get() {
      client ??= openClient(env, redactor);
      const opened = await client;
      return opened.ok ? await tokenOf(opened.value, { env, redactor }) : opened;
    },
    forget() {
      client = undefined;
      return true;
    },
  };
}

/** A client of Google's library, and where its credentials came from. */
interface SigningClient {
  readonly client: AuthClient;
  readonly label?: string;
}

async function openClient(env: CredentialOptions['env'], redactor: Redactor): Promise<Outcome<SigningClient>> {
  const file = readDefaultCredentials(env, redactor);
  if (!file.ok) return file;
  // Loading it takes 190 ms, so it is loaded only when no token exists yet.
  const { Compute, GoogleAuth } = await import('google-auth-library');
  const found = file.value;
  if (found === undefined) {
    const onGoogle = await new GoogleAuth()._checkIsGCE().catch(() => false);
    return onGoogle ? ok({ client: new Compute({ scopes: [scope] }) }) : err(fault('google-credentials-missing'));
  }
  const { label, content } = found;
  try {
    const client = await new GoogleAuth({ scopes: [scope], credentials: content }).getClient();
    return ok({ client, label });
  } catch (error) {
    return err(credentialFault(error, { env, redactor, label }));
  }
}

async function tokenOf(
  { client, label }: SigningClient,
  { env, redactor }: Pick<CredentialOptions, 'env' | 'redactor'>,
): Promise<Outcome<Signature>> {
  try {
    const { token } = await client.getAccessToken();
    if (typeof token !== 'string' || token === '') return err(fault('google-credentials-missing'));
    return withQuotaProject(token, env, client.quotaProjectId ?? undefined);
  } catch (error) {
    return err(credentialFault(error, { env, redactor, ...(label === undefined ? {} : { label }) }));
  }
}

/**
 * Impersonates a service account: its tokens are requested with our own credentials, and kept until shortly before they
 * expire.
 */
function impersonated(own: Credentials, options: CredentialOptions, account: string): Credentials {
  let kept: { readonly signature: Signature; readonly until: number } | undefined;
  return {
    async get() {
      if (kept !== undefined && kept.until > Date.now()) return ok(kept.signature);
      const mine = await own.get();
      if (!mine.ok) return mine;
      options.redactor.register(mine.value.token);
      const reply = await options.exchange<{ readonly accessToken: string; readonly expireTime: string }>(
        {
          service: 'iamcredentials',
          method: 'POST',
          path: `v1/projects/-/serviceAccounts/${encodeURIComponent(account)}:generateAccessToken`,
          body: { scope: [scope], lifetime: '3600s' },
          idempotent: true,
        },
        mine.value,
      );
      if (!reply.ok) return err(googleFault(reply.error, { doing: 'acting as', resource: account }));
      const { accessToken, expireTime } = reply.value;
      // The quota project remains: requests are charged to it, whoever sends them.
      const signature = { ...mine.value, token: accessToken };
      kept = { signature, until: (Date.parse(expireTime) || Date.now() + 300_000) - 120_000 };
      return ok(signature);
    },
    forget() {
      kept = undefined;
      own.forget();
      return true;
    },
  };
}
