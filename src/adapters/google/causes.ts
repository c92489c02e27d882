import type { FaultCode } from '../../kit/catalogue/index.ts';
import type { GoogleError } from './error.ts';

/** A cause that the API's words name, whatever its status says. */
interface NamedCause {
  readonly words: RegExp;
  readonly code: FaultCode;
  /** @param project the project's id, or a placeholder */
  readonly fix: (project: string) => string;
}

/** A number of things or an amount that the project may have at one time: waiting does not make room. */
const limit = /total allowable|maximum (number|allowed)|has reached .*limit|limit of \d+ .*(reached|exceeded)/i;

const causes: readonly NamedCause[] = [
  {
    words: /total allowable number of jobs|number of jobs/i,
    code: 'google-limit',
    fix: (project) =>
      `Delete jobs that are no longer needed (\`gcloud run jobs list --project ${project}\`), or ask for a higher quota: https://console.cloud.google.com/iam-admin/quotas?project=${project}`,
  },
  {
    words: limit,
    code: 'google-limit',
    fix: (project) =>
      `Remove what is no longer needed, or ask for a higher quota: https://console.cloud.google.com/iam-admin/quotas?project=${project}`,
  },
  {
    words: /BILLING_DISABLED|billing to be enabled|billing account .*(disabled|closed|absent)/i,
    code: 'google-refused',
    fix: (project) =>
      `Enable billing: \`gcloud billing projects link ${project} --billing-account ACCOUNT\`; \`gcloud billing accounts list\` shows the accounts.`,
  },
  {
    words: /SECURITY_POLICY_VIOLATED|vpcServiceControls|prohibited by organization/i,
    code: 'google-refused',
    fix: () =>
      'A VPC Service Controls perimeter keeps this machine out: ask your organization’s administrators to admit it, or run the command from inside the perimeter.',
  },
  {
    words: /constraints\/[\w.]+/,
    code: 'google-refused',
    fix: () =>
      'An organization policy forbids it: ask your organization’s administrators for an exception from the constraint above, or change the environment so that it complies.',
  },
  {
    words: /ACCESS_TOKEN_SCOPE_INSUFFICIENT|insufficient authentication scopes/i,
    code: 'google-credentials-refused',
    fix: () =>
      'The credentials are limited to other scopes. Use some with the scope https://www.googleapis.com/auth/cloud-platform: `gcloud auth application-default login`, or on a virtual machine its access scopes.',
  },
  {
    words: /\blocations?\/\S+['"]? \(or it may not exist\)/i,
    code: 'google-not-found',
    fix: () =>
      'Correct `region` in the environment of godwit.config; `gcloud run regions list` shows those that exist.',
  },
  {
    words: /CONSUMER_INVALID|Project .* (not found or|has been) deleted/i,
    code: 'google-not-found',
    fix: () => 'Correct `project` in the environment of godwit.config; `gcloud projects list` shows yours.',
  },
];

/** What the API's words name as the cause; undefined: its status decides. */
export function namedCause({ message, detail = '' }: GoogleError, project: string) {
  const found = causes.find(({ words }) => words.test(`${detail} ${message}`));
  return found === undefined ? undefined : { code: found.code, fix: found.fix(project) };
}

/** True: a limit of the project is reached, and the same request will be refused again. */
export function isStandingLimit({ message }: GoogleError): boolean {
  return limit.test(message);
}
