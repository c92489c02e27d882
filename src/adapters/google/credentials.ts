import type { GoogleAuth } from 'google-auth-library';
import { fault } from '../../kit/fault.ts';
import { err, ok, type Outcome } from '../../kit/outcome.ts';
import type { Redactor } from '../../kit/redact.ts';
import type { GoogleReply, GoogleRequest, Signature } from './request.ts';
import { googleFault } from './fault.ts';

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
  exchange<T>(request: GoogleRequest, token: string): Promise<GoogleReply<T>>;
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

function ownCredentials({ env }: CredentialOptions): Credentials {
  const given = (env['GOOGLE_OAUTH_ACCESS_TOKEN'] ?? '').trim();
  if (given !== '') return { get: () => Promise.resolve(ok({ token: given })), forget: () => false };
  let auth: Promise<GoogleAuth> | undefined;
  return {
    async get() {
      // Loading it takes 190 ms, so it is loaded only when no token exists yet.
      auth ??= import('google-auth-library').then(({ GoogleAuth }) => new GoogleAuth({ scopes: [scope] }));
      return tokenOf(await auth, env);
    },
    forget() {
      auth = undefined;
      return true;
    },
  };
}

async function tokenOf(auth: GoogleAuth, env: CredentialOptions['env']): Promise<Outcome<Signature>> {
  try {
    const client = await auth.getClient();
    const { token } = await client.getAccessToken();
    if (typeof token !== 'string' || token === '') return err(fault('google-credentials-missing'));
    const quotaProject = env['GOOGLE_CLOUD_QUOTA_PROJECT'] ?? client.quotaProjectId;
    return ok({ token, ...(quotaProject === undefined || quotaProject === '' ? {} : { quotaProject }) });
  } catch (error) {
    const [why = ''] = (error instanceof Error ? error.message : String(error)).split('\n');
    if (/default credentials/i.test(why)) return err(fault('google-credentials-missing'));
    return err(fault('google-credentials-refused', { why: `Google’s words: ${why.slice(0, 300)}` }));
  }
}

/**
 * Impersonates a service account: its tokens are requested with our own credentials, and kept until shortly before they
 * expire.
 */
function impersonated(own: Credentials, options: CredentialOptions, account: string): Credentials {
  let kept: { readonly token: string; readonly until: number } | undefined;
  return {
    async get() {
      if (kept !== undefined && kept.until > Date.now()) return ok({ token: kept.token });
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
        mine.value.token,
      );
      if (!reply.ok) return err(googleFault(reply.error, { doing: 'acting as', resource: account }));
      const { accessToken, expireTime } = reply.value;
      kept = { token: accessToken, until: (Date.parse(expireTime) || Date.now() + 300_000) - 120_000 };
      return ok({ token: accessToken });
    },
    forget() {
      kept = undefined;
      own.forget();
      return true;
    },
  };
}
