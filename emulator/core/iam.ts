import { ApiError } from './errors.ts';
import type { Need } from './need.ts';
import { permissionsOf } from './roles.ts';

/** A permission everywhere, or on one resource and everything below it. `run.*` matches all that start with `run.`. */
type Grant = string | { readonly permission: string; readonly on: string };

/** Principal (`user:…`, `serviceAccount:…`) -> its permissions. */
export type IamModel = Readonly<Record<string, readonly Grant[]>>;

/** A part of a policy: who has a role. */
interface Binding {
  /** A predefined role; one that the emulator does not know grants nothing. */
  readonly role: string;
  readonly members: readonly string[];
}

/** Who may do what, and which token belongs to whom. */
export interface Iam {
  /** True when every token may do everything. */
  readonly open: boolean;
  may(principal: string, need: Need): boolean;
  grant(principal: string, grants: readonly Grant[]): void;
  /** Replaces what the policy of a resource grants, on it and everything below it. */
  bind(resource: string, bindings: readonly Binding[]): void;
  revoke(principal: string, permission: string): void;
  /** Mints an access token for a principal. */
  token(principal: string): string;
  /** From now on, the tokens that a principal has are refused with 401, until it gets a new one. */
  expire(principal: string): void;
  /** The principal of an `Authorization` header. @throws ApiError UNAUTHENTICATED */
  principalOf(authorization: string | undefined): string;
}

/** The caller of an open emulator without a token that it minted. */
export const someone = 'user:someone@example.com';

export function createIam(model: IamModel | 'open'): Iam {
  const open = model === 'open';
  const grants = new Map<string, Grant[]>(open ? [] : Object.entries(model).map(([who, given]) => [who, [...given]]));
  // In the open model, everything is permitted except for revoked permissions.
  const revoked = new Map<string, Set<string>>();
  const policies = new Map<string, readonly Binding[]>();
  const bound = (principal: string, need: Need): boolean =>
    [...policies].some(
      ([on, bindings]) =>
        isBelow(need.resource, on) &&
        bindings.some(
          ({ role, members }) =>
            members.includes(principal) &&
            (permissionsOf(role) ?? []).some((permission) => covers({ permission, on }, need)),
        ),
    );
  // Token -> principal, or undefined when it has expired.
  const tokens = new Map<string, string>();
  const issues = new Map<string, number>();
  const expired = new Set<string>();
  return {
    open,
    may(principal, need) {
      if (revoked.get(principal)?.has(need.permission) === true) return false;
      return open || (grants.get(principal) ?? []).some((grant) => covers(grant, need)) || bound(principal, need);
    },
    bind: (resource, bindings) => void policies.set(resource, bindings),
    grant(principal, given) {
      grants.set(principal, [...(grants.get(principal) ?? []), ...given]);
      for (const each of given) revoked.get(principal)?.delete(typeof each === 'string' ? each : each.permission);
    },
    revoke(principal, permission) {
      const kept = (grants.get(principal) ?? []).filter((grant) => permissionOf(grant) !== permission);
      grants.set(principal, kept);
      revoked.set(principal, (revoked.get(principal) ?? new Set()).add(permission));
    },
    token(principal) {
      const issue = (issues.get(principal) ?? 0) + (expired.has(principal) ? 1 : 0);
      expired.delete(principal);
      issues.set(principal, issue);
      const token = `emulated-${issue}-${Buffer.from(principal).toString('base64url')}`;
      tokens.set(token, principal);
      return token;
    },
    expire(principal) {
      expired.add(principal);
      for (const [token, owner] of tokens) if (owner === principal) tokens.set(token, '');
    },
    principalOf(authorization) {
      const token = /^Bearer (.+)$/.exec(authorization ?? '')?.[1];
      const known = token === undefined ? undefined : tokens.get(token);
      if (known === '') throw unauthenticated(false);
      if (known !== undefined) return known;
      if (open) return someone;
      throw unauthenticated(token === undefined);
    },
  };
}

const permissionOf = (grant: Grant): string => (typeof grant === 'string' ? grant : grant.permission);

function covers(grant: Grant, need: Need): boolean {
  const wanted = permissionOf(grant);
  const fits = wanted.endsWith('*') ? need.permission.startsWith(wanted.slice(0, -1)) : need.permission === wanted;
  if (!fits || typeof grant === 'string') return fits;
  return isBelow(need.resource, grant.on);
}

/** A registry does not know the location of its repositories, and asks with `-`. */
function isBelow(resource: string, on: string): boolean {
  const place = resource.includes('/locations/-/') ? on.replace(/\/locations\/[^/]+\//, '/locations/-/') : on;
  return resource === place || resource.startsWith(`${place}/`);
}

/** Documentation: the texts of Google's front end. */
function unauthenticated(missing: boolean): ApiError {
  const expected = 'Expected OAuth 2 access token, login cookie or other valid authentication credential.';
  const see = 'See https://developers.google.com/identity/sign-in/web/devconsole-project.';
  const what = missing
    ? 'Request is missing required authentication credential.'
    : 'Request had invalid authentication credentials.';
  return new ApiError('UNAUTHENTICATED', `${what} ${expected} ${see}`);
}

/** A 403 with Google's text, naming permission and resource in message and details. */
export function permissionDenied(need: Need, service: string): ApiError {
  const where =
    service === 'secretmanager'
      ? `denied for resource '${need.resource}' (or it may not exist).`
      : `denied on resource '${need.resource}' (or resource may not exist).`;
  return new ApiError('PERMISSION_DENIED', `Permission '${need.permission}' ${where}`, [
    {
      '@type': 'type.googleapis.com/google.rpc.ErrorInfo',
      reason: 'IAM_PERMISSION_DENIED',
      domain: 'iam.googleapis.com',
      metadata: { permission: need.permission, resource: need.resource },
    },
  ]);
}
