import { randomBytes } from 'node:crypto';
import type { IncomingHttpHeaders } from 'node:http';
import { refusal, type Answer } from './answer.ts';

/** The caller, as far as the request reveals it. */
export type Caller =
  | { readonly kind: 'anonymous' }
  | { readonly kind: 'basic'; readonly user: string; readonly password: string }
  /** A token that this registry did not issue, such as a Google access token. */
  | { readonly kind: 'bearer'; readonly token: string };

/** The requested access. */
export interface Access {
  readonly repository: string;
  readonly action: 'pull' | 'push' | 'delete';
}

/** How a registry controls access. */
export interface RegistryAccess {
  /** `bearer`: tokens are fetched from `/token`, with a challenge; `basic`: name and password with each request. */
  readonly scheme: 'bearer' | 'basic';
  /** May this caller do that? */
  allows(caller: Caller, access: Access): boolean;
}

/** Decides requests, and issues tokens. */
export interface Guard {
  /** Undefined: permitted. */
  check(headers: IncomingHttpHeaders, access: Access, origin: string): Answer | undefined;
  issue(headers: IncomingHttpHeaders, query: URLSearchParams): Answer;
}

export function createGuard(access: RegistryAccess | undefined, tokenSeconds: number): Guard {
  const issued = new Map<string, readonly Access[]>();
  return {
    check(headers, wanted, origin) {
      if (access === undefined) return undefined;
      const caller = callerOf(headers);
      const granted = caller.kind === 'bearer' ? issued.get(caller.token) : undefined;
      if (granted !== undefined) {
        const fits = granted.some((one) => one.repository === wanted.repository && one.action === wanted.action);
        return fits ? undefined : challenge(access, wanted, origin);
      }
      // With a bearer scheme, requests do not carry name and password; those are exchanged for a token.
      const straight = caller.kind !== 'basic' || access.scheme === 'basic';
      if (straight && access.allows(caller, wanted)) return undefined;
      if (caller.kind === 'bearer') return refusal(403, 'DENIED', 'requested access to the resource is denied');
      return challenge(access, wanted, origin);
    },
    issue(headers, query) {
      if (access === undefined) return refusal(404, 'UNSUPPORTED', 'no tokens are needed here');
      const caller = callerOf(headers);
      const wanted = query.getAll('scope').flatMap((scope) => scope.split(' ').flatMap(accessesOf));
      const granted = wanted.filter((one) => access.allows(caller, one));
      if (caller.kind !== 'anonymous' && wanted.length > 0 && granted.length === 0)
        return refusal(401, 'UNAUTHORIZED', 'authentication required');
      const token = randomBytes(24).toString('base64url');
      issued.set(token, granted);
      const body = JSON.stringify({ token, expires_in: tokenSeconds, issued_at: new Date().toISOString() });
      return { status: 200, headers: { 'content-type': 'application/json' }, body: Buffer.from(body) };
    },
  };
}

function challenge({ scheme }: RegistryAccess, { repository, action }: Access, origin: string): Answer {
  const scope = `repository:${repository}:${action === 'pull' ? 'pull' : action === 'push' ? 'pull,push' : 'delete'}`;
  const value =
    scheme === 'basic'
      ? 'Basic realm="Registry"'
      : `Bearer realm="${origin}/token",service="registry.emulator",scope="${scope}"`;
  const denied = refusal(401, 'UNAUTHORIZED', 'authentication required');
  return { ...denied, headers: { ...denied.headers, 'www-authenticate': value } };
}

function accessesOf(scope: string): readonly Access[] {
  const match = /^repository:(.+):([a-z,*]+)$/.exec(scope);
  if (match === null) return [];
  const actions = (match[2] ?? '').split(',').filter((action) => ['pull', 'push', 'delete'].includes(action));
  return actions.map((action) => ({ repository: match[1] ?? '', action: action as Access['action'] }));
}

function callerOf(headers: IncomingHttpHeaders): Caller {
  const [scheme = '', value = ''] = (headers.authorization ?? '').split(' ');
  if (scheme.toLowerCase() === 'bearer') return { kind: 'bearer', token: value };
  if (scheme.toLowerCase() !== 'basic') return { kind: 'anonymous' };
  const [user = '', ...password] = Buffer.from(value, 'base64').toString('utf8').split(':');
  return { kind: 'basic', user, password: password.join(':') };
}
