import { ApiError, invalid, notFound } from '../core/errors.ts';
import { listOf, objectOf, textOf, type Json, type JsonObject } from '../core/json.ts';
import { resourcesOf } from '../core/resources.ts';
import type { PlainModule, PlainRequest } from '../core/service.ts';
import type { World } from '../core/world.ts';

const exchange = 'urn:ietf:params:oauth:grant-type:token-exchange';
const accessToken = 'urn:ietf:params:oauth:token-type:access_token';
const subjectTypes = [
  'urn:ietf:params:oauth:token-type:jwt',
  'urn:ietf:params:oauth:token-type:id_token',
  'urn:ietf:params:aws:token-type:aws4_request',
];

/** The lifetime of a token in seconds (documentation). */
const lifetime = 3_600;

/** Security Token Service: exchanges another provider's token for a Google token (workload identity federation). */
export const sts: PlainModule = {
  name: 'sts',
  routes: [
    {
      verb: 'post',
      path: '/v1/token',
      method: 'google.identity.sts.v1.SecurityTokenService.ExchangeToken',
      mark: 'documentation',
      authenticated: false,
      needs: () => [],
      handle: ({ body }, { world }) => exchangeToken(world, body),
    },
  ],
};

/** Token endpoints refuse in the form of OAuth 2 (documentation: RFC 6749). */
class TokenError extends ApiError {
  constructor(description: string) {
    super('INVALID_ARGUMENT', description);
  }

  override toJson(): JsonObject {
    return { error: 'invalid_request', error_description: this.message };
  }
}

/** Parameters come as a form or as JSON, in snake or camel case. */
function exchangeToken(world: World, body: JsonObject): Json {
  const read = (name: string, camel: string): string => textOf(body[name]) || textOf(body[camel]);
  if (read('grant_type', 'grantType') !== exchange) throw new TokenError('Invalid grant type.');
  if (!subjectTypes.includes(read('subject_token_type', 'subjectTokenType')))
    throw new TokenError('Invalid subject token type.');
  const audience = read('audience', 'audience');
  const pool =
    /^\/\/iam\.googleapis\.com\/(projects\/\d+\/locations\/global\/workloadIdentityPools\/[^/]+)\/providers\/[^/]+$/.exec(
      audience,
    )?.[1];
  if (pool === undefined) throw new TokenError(`Invalid value for "audience": ${audience}`);
  const subject = subjectOf(read('subject_token', 'subjectToken'));
  if (subject === undefined) throw new TokenError('The subject token could not be read.');
  const principal = `principal://iam.googleapis.com/${pool}/subject/${subject}`;
  return {
    access_token: world.iam.token(principal),
    issued_token_type: accessToken,
    token_type: 'Bearer',
    expires_in: lifetime,
  };
}

/** The `sub` of a JWT. Assumed: its signature is not checked, because there is no provider to ask. */
function subjectOf(token: string): string | undefined {
  const [, claims] = token.split('.');
  if (claims === undefined) return undefined;
  try {
    return textOf(objectOf(JSON.parse(Buffer.from(claims, 'base64url').toString('utf8')) as Json)['sub']) || undefined;
  } catch {
    return undefined;
  }
}

const account = (request: PlainRequest): string => request.params['account'] ?? '';

/** IAM credentials: tokens of service accounts for callers who may have them (impersonation). */
export const iamCredentials: PlainModule = {
  name: 'iamcredentials',
  routes: [
    {
      verb: 'post',
      path: '/v1/projects/-/serviceAccounts/{account}:generateAccessToken',
      method: 'google.iam.credentials.v1.IAMCredentials.GenerateAccessToken',
      mark: 'documentation',
      needs: (request) => [
        {
          permission: 'iam.serviceAccounts.getAccessToken',
          resource: `projects/-/serviceAccounts/${account(request)}`,
        },
      ],
      handle: (request, { world }) => generateToken(world, request),
    },
  ],
};

function generateToken(world: World, request: PlainRequest): Json {
  const email = account(request);
  const { scope, lifetime: wanted } = request.body;
  if (listOf(scope).length === 0) throw invalid('scope', 'At least one scope must be given.');
  const seconds = wanted === undefined ? lifetime : Number(/^(\d+)s$/.exec(textOf(wanted))?.[1] ?? Number.NaN);
  if (Number.isNaN(seconds) || seconds > lifetime)
    throw new ApiError('INVALID_ARGUMENT', `The access token lifetime cannot exceed ${lifetime}s.`);
  const { serviceAccounts } = resourcesOf(world);
  // Only if any accounts were made: an emulator without accounts permits all.
  if (serviceAccounts.size > 0 && !serviceAccounts.has(email))
    throw notFound(`Not found; Gaia id not found for email ${email}`);
  return {
    accessToken: world.iam.token(`serviceAccount:${email}`),
    expireTime: new Date(Date.parse(world.now()) + seconds * 1_000).toISOString(),
  };
}
