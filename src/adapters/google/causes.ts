import type { FaultCode } from '../../kit/catalogue/index.ts';
import type { GoogleError } from './error.ts';

/** A cause that the API's words name, whatever its status says. */
interface NamedCause {
  readonly words: RegExp;
  readonly code: FaultCode;
  /**
   * @param project the project's id, or a placeholder
   * @param policy the organization's policy, if the error names one
   */
  readonly fix: (project: string, policy: string) => string;
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
      'A VPC Service Controls perimeter keeps this machine out: ask your organization’s administrators to admit it, with the identifier above, or run the command from inside the perimeter.',
  },
  {
    words: /\b(?:customConstraints|constraints)\/[\w.]+|CUSTOM_ORG_POLICY_VIOLATION|denied by (?:custom )?org polic/i,
    code: 'google-refused',
    fix: (_, policy) => policyFix(policy),
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

/** What in the configuration of an environment satisfies a policy. */
const settings: readonly (readonly [RegExp, string])[] = [
  [/binaryAuthorization/i, 'set `binaryAuthorization: "default"` under `engine`, or name the policy that is allowed'],
  [/cmek/i, 'set `encryptionKey` under `engine` to a key of Cloud KMS that the policy allows'],
  [/vpcEgress/i, 'set `egress: "all"` under `engine`'],
  [/restrictEndpointUsage/i, 'name the regional endpoints in `endpoints` under `engine`'],
  [/resourceLocations/i, 'set `region` under `engine` to one that the policy allows'],
];

function policyFix(policy: string): string {
  const name = policy === '' ? 'the policy above' : policy;
  const found = settings.find(([pattern]) => pattern.test(policy))?.[1];
  const exception = `ask your organization’s administrators for an exception from ${name}`;
  return found === undefined
    ? `An organization policy forbids it: ${exception}, or change the environment so that it complies.`
    : `The organization policy ${name} forbids it: ${found}, or ${exception}.`;
}

/** What the API's words name as the cause; undefined: its status decides. */
export function namedCause({ message, detail = '', policy = '' }: GoogleError, project: string) {
  const found = causes.find(({ words }) => words.test(`${detail} ${policy} ${message}`));
  return found === undefined ? undefined : { code: found.code, fix: found.fix(project, policy) };
}

/** True: a limit of the project is reached, and the same request will be refused again. */
export function isStandingLimit({ message }: GoogleError): boolean {
  return limit.test(message);
}
