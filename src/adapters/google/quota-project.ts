import { fault } from '../../kit/fault.ts';
import { err, ok, type Outcome } from '../../kit/outcome.ts';
import type { ProcessVariables } from '../../kit/secret-variables.ts';
import type { GoogleError } from './error.ts';
import type { GoogleReply, Signature } from './request.ts';

const variable = 'GOOGLE_CLOUD_QUOTA_PROJECT';

/**
 * Adds the quota project to a token: the one that the environment names, else the one of the credentials. An empty
 * variable means none.
 */
export function withQuotaProject(
  token: string,
  env: ProcessVariables,
  ofCredentials: string | undefined,
): Outcome<Signature> {
  const given = env[variable];
  const quotaProject = (given ?? ofCredentials ?? '').trim();
  if (!/^[a-z0-9.:-]*$/i.test(quotaProject))
    return err(
      fault('google-credentials-invalid', {
        why: `${variable} is not the id of a project.`,
        fix: 'Set it to the id of the project that quota is charged to, or remove it.',
      }),
    );
  if (quotaProject === '') return ok({ token });
  return ok({ token, quotaProject, ...(given === undefined ? {} : { isChosen: true }) });
}

/** Sends one request with this quota project; undefined: with none. */
type Send<T> = (quotaProject: string | undefined) => Promise<GoogleReply<T>>;

/** Chooses the project that quota is charged to. */
export interface QuotaProjects {
  send<T>(signature: Signature, send: Send<T>): Promise<GoogleReply<T>>;
}

/**
 * The environment's own project comes first, because its APIs are on: gcloud writes whatever project was current at the
 * time of the login into the credentials. A caller that may not use it is served with the project of the credentials,
 * then without any. What was refused once is not tried again.
 */
export function createQuotaProjects(own: string | undefined): QuotaProjects {
  const refused = new Map<string, GoogleError>();
  return {
    async send(signature, send) {
      const { quotaProject, isChosen = false } = signature;
      const wanted = isChosen ? [quotaProject, own] : [own, quotaProject];
      const named = [...new Set(wanted.filter((one) => one !== undefined))];
      const untried = named.filter((one) => !refused.has(one));
      let first = named.map((one) => refused.get(one)).find((error) => error !== undefined);
      for (const project of [...untried, undefined]) {
        const reply = await send(project);
        if (reply.ok || !isAboutQuotaProject(reply.error)) return reply;
        const error = { ...reply.error, ...(project === undefined ? {} : { quotaProject: project }) };
        first ??= error;
        // An API that is off may be on in a minute; a role is granted more rarely.
        if (project !== undefined && error.detail === 'USER_PROJECT_DENIED') refused.set(project, error);
      }
      return first === undefined ? await send(undefined) : { ok: false, error: first };
    },
  };
}

/** True when the project that the request was charged to is the problem, so that another one may do. */
function isAboutQuotaProject({ detail, message }: GoogleError): boolean {
  return (
    detail === 'USER_PROJECT_DENIED' ||
    detail === 'SERVICE_DISABLED' ||
    detail === 'CONSUMER_INVALID' ||
    needsQuotaProject(message)
  );
}

/** Credentials of a user, without any quota project. */
export function needsQuotaProject(message: string): boolean {
  return /requires a quota project/i.test(message);
}
