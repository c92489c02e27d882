import { fault } from '../../kit/fault.ts';
import type { Finding } from '../../kit/finding.ts';
import { nearest } from '../../kit/nearest.ts';
import { namedCause } from './causes.ts';
import type { GoogleError } from './error.ts';
import { needsQuotaProject } from './quota-project.ts';
import { grantCommand, roleFor } from './roles.ts';

/** What was being done when an error came. */
export interface GoogleActivity {
  /** For example, `reading secret`. */
  readonly doing: string;
  /** Its full or short name: `projects/acme/secrets/database-url-dev`. */
  readonly resource: string;
  /** The existing names, if known: the nearest one is suggested. */
  readonly existing?: readonly string[];
}

/** Names the cause of a Google error, and how to fix it. */
export function googleFault(error: GoogleError, what: GoogleActivity): Finding {
  if (error.finding !== undefined) return error.finding;
  const why = withPolicy(`${capital(what.doing)} ${what.resource}: ${error.message}`, error.policy);
  if (error.lost) return fault('google-unreachable', { why });
  if (isUncharged(error)) return fault('google-quota-project', { why, fix: chargeTo(what.resource) });
  if (error.detail === 'SERVICE_DISABLED') return disabled(error, what, why);
  if (error.detail === 'USER_PROJECT_DENIED') return quotaDenied(error, what, why);
  const named = namedCause(error, projectOf(what.resource) ?? 'PROJECT');
  if (named !== undefined) return fault(named.code, { why, fix: named.fix });
  switch (error.reason) {
    case 'UNAUTHENTICATED':
      return fault('google-credentials-refused', { why });
    case 'PERMISSION_DENIED':
      return denied(error, what, why);
    case 'NOT_FOUND':
      return notFound(what, why);
    case 'RESOURCE_EXHAUSTED':
      return fault('google-quota', { why });
    case 'UNAVAILABLE':
    case 'INTERNAL':
    case 'DEADLINE_EXCEEDED':
      return fault('google-unavailable', { why });
    default:
      return error.status >= 500 ? fault('google-unavailable', { why }) : fault('google-refused', { why });
  }
}

/** The existing name that was probably meant; the name of an environment variable is also tried as a secret's. */
export function nearestName(wanted: string, existing: readonly string[]): string | undefined {
  const short = (name: string): string => name.split('/').pop() ?? name;
  const names = existing.map(short);
  const word = short(wanted);
  return nearest(word, names) ?? nearest(word.toLowerCase().replaceAll('_', '-'), names);
}

/** The projects of gcloud’s own OAuth clients: requests are charged to them where a user names no project. */
const clientProjects: readonly (string | undefined)[] = ['764086051850', '32555940559'];

function isUncharged({ message, detail, consumer }: GoogleError): boolean {
  return needsQuotaProject(message) || (detail === 'SERVICE_DISABLED' && clientProjects.includes(consumer));
}

function chargeTo(resource: string): string {
  return `Name the project that requests are charged to: \`gcloud auth application-default set-quota-project ${projectOf(resource) ?? 'PROJECT'}\`.`;
}

function disabled(error: GoogleError, what: GoogleActivity, why: string): Finding {
  // A regional endpoint belongs to the same API: `secretmanager.us-central1.rep.googleapis.com`.
  const name = /\b([a-z]+)(?:\.[a-z0-9-]+\.rep)?\.googleapis\.com\b/.exec(error.message)?.[1];
  const api = error.api ?? `${name ?? 'API'}.googleapis.com`;
  const own = projectOf(what.resource);
  const project = own !== undefined && own === error.quotaProject ? own : (error.consumer ?? own);
  const command = `gcloud services enable ${api}${project === undefined ? '' : ` --project ${project}`}`;
  return fault('google-api-disabled', { why, fix: `Run \`${command}\`; it takes effect within a few minutes.` });
}

/** The caller may not charge requests to the quota project. */
function quotaDenied(error: GoogleError, what: GoogleActivity, why: string): Finding {
  const project = error.quotaProject ?? error.consumer ?? projectOf(what.resource) ?? 'PROJECT';
  const grant = grantCommand('roles/serviceusage.serviceUsageConsumer', `projects/${project}`);
  return fault('google-quota-project', {
    why,
    fix: `Requests are charged to project ${project}, which your account may not use: \`${grant}\`, or charge another project with \`gcloud auth application-default set-quota-project OTHER_PROJECT\`.`,
  });
}

function denied(error: GoogleError, what: GoogleActivity, why: string): Finding {
  const { permission } = error;
  if (permission === undefined) return fault('google-permission-denied', { why });
  const role = roleFor(permission);
  const missing = why.includes(permission) ? why : `${why} Missing: ${permission}.`;
  if (role === undefined) return fault('google-permission-denied', { why: missing });
  return fault('google-permission-denied', {
    why: missing,
    fix: `The smallest role with ${permission} is ${role}: \`${grantCommand(role, what.resource)}\`. The grant takes effect within a minute or two.`,
  });
}

function notFound(what: GoogleActivity, why: string): Finding {
  const near = what.existing === undefined ? undefined : nearestName(what.resource, what.existing);
  if (near !== undefined) return fault('google-not-found', { why, fix: `Did you mean \`${near}\`?` });
  const names = (what.existing ?? []).map((name) => name.split('/').pop() ?? name).slice(0, 10);
  return names.length === 0
    ? fault('google-not-found', { why })
    : fault('google-not-found', {
        why,
        fix: `Those that exist: ${names.join(', ')}. ${fault('google-not-found').fix}`,
      });
}

/** Administrators look a refusal up by the name of its policy, so the finding contains it in any case. */
function withPolicy(why: string, policy: string | undefined): string {
  return policy === undefined || why.includes(policy) ? why : `${why} (${policy})`;
}

function projectOf(resource: string): string | undefined {
  const project = /(?:^|\/)projects\/([^/]+)/.exec(resource)?.[1];
  return project === '-' ? undefined : project;
}

function capital(text: string): string {
  return text.charAt(0).toUpperCase() + text.slice(1);
}
