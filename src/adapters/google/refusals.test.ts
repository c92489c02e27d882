import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { createRedactor } from '../../kit/redact.ts';
import { errorOf } from './error.ts';
import { googleFault } from './fault.ts';
import { createGoogle, type GoogleOptions } from './google.ts';
import { roleFor } from './roles.ts';

/** Refusals with Google's own words, as public reports quote them. */
const refusal = (message: string, reason = '', metadata: object = {}, violations: readonly object[] = []): string =>
  JSON.stringify({
    error: {
      code: 403,
      message,
      status: 'PERMISSION_DENIED',
      details: [
        ...(violations.length === 0 ? [] : [{ violations }]),
        ...(reason === '' ? [] : [{ reason, domain: 'googleapis.com', metadata }]),
      ],
    },
  });

const userDenied = (project: string): string =>
  refusal(
    `Caller does not have required permission to use project ${project}. Grant the caller the roles/serviceusage.serviceUsageConsumer role, or a custom role with the serviceusage.services.use permission, by visiting https://console.developers.google.com/iam-admin/iam/project?project=${project} and then retry.`,
    'USER_PROJECT_DENIED',
    { service: 'run.googleapis.com', consumer: `projects/${project}` },
  );
const apiOff = (consumer: string): string =>
  refusal(
    `Cloud Run Admin API has not been used in project ${consumer} before or it is disabled.`,
    'SERVICE_DISABLED',
    {
      service: 'run.googleapis.com',
      consumer: `projects/${consumer}`,
    },
  );
const noQuotaProject = refusal(
  'Your application is authenticating by using local Application Default Credentials. The run.googleapis.com API requires a quota project, which is not set by default.',
  'SERVICE_DISABLED',
  { service: 'run.googleapis.com', consumer: 'projects/764086051850' },
);

/** What a request gets that is charged to this project; empty: to none. Every request is noted. */
let answers: (quotaProject: string) => string | undefined = () => undefined;
const charged: string[] = [];
const server = createServer((request, response) => {
  const project = String(request.headers['x-goog-user-project'] ?? '');
  charged.push(project);
  const refused = answers(project);
  const accessToken = { accessToken: 'token-of-the-account', expireTime: '2099-01-01T00:00:00Z' };
  response.writeHead(refused === undefined ? 200 : 403, { 'content-type': 'application/json' });
  response.end(refused ?? JSON.stringify(request.url?.endsWith('generateAccessToken') === true ? accessToken : {}));
});
let url = '';
beforeAll(async () => {
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
});
afterAll(() => {
  server.closeAllConnections();
  server.close();
});

const job = { service: 'run', method: 'GET', path: 'v2/projects/acme-dev/locations/r/jobs/j' } as const;
const what = { doing: 'reading job', resource: 'projects/acme-dev/locations/r/jobs/j' };

async function asked(env: Record<string, string>, more: Partial<GoogleOptions> = {}, times = 1) {
  charged.length = 0;
  const google = createGoogle({
    endpoints: { run: url, iamcredentials: url },
    env: { GOOGLE_OAUTH_ACCESS_TOKEN: 'token-of-the-test', ...env },
    redactor: createRedactor(),
    quotaProject: 'acme-dev',
    ...more,
  });
  let reply = await google.call(job);
  for (let time = 1; time < times; time += 1) reply = await google.call(job);
  return { charged: [...charged], finding: reply.ok ? undefined : googleFault(reply.error, what) };
}

test('F4: requests are charged to the environment’s own project, or to the one that a variable names', async () => {
  answers = () => undefined;
  expect((await asked({})).charged).toEqual(['acme-dev']);
  expect((await asked({ GOOGLE_CLOUD_QUOTA_PROJECT: 'billing' })).charged).toEqual(['billing']);
});

test('F4: who may not use that project is served with another one, then without, and the detour is made once', async () => {
  answers = (project) => (project === '' ? undefined : userDenied(project));
  const { charged: projects, finding } = await asked({ GOOGLE_CLOUD_QUOTA_PROJECT: 'billing' }, {}, 2);
  expect(finding).toBeUndefined();
  expect(projects).toEqual(['billing', 'acme-dev', '', '']);
  answers = (project) => (project === 'old' ? apiOff('99') : undefined);
  expect((await asked({ GOOGLE_CLOUD_QUOTA_PROJECT: 'old' })).charged).toEqual(['old', 'acme-dev']);
});

test('F4: a refusal in the old form of Cloud SQL, without details, is about the quota project too', async () => {
  const message = 'Caller does not have required permission to use project acme-dev.';
  const old = JSON.stringify({ error: { code: 403, message, errors: [{ message, reason: 'forbidden' }] } });
  answers = (project) => (project === '' ? undefined : old);
  const { charged: projects, finding } = await asked({}, {}, 2);
  expect([projects, finding]).toEqual([['acme-dev', '', ''], undefined]);
  answers = () => old;
  expect((await asked({})).finding?.code).toBe('google-quota-project');
});

test('F4: impersonation keeps the quota project, for the exchange too', async () => {
  answers = () => undefined;
  const env = { GOOGLE_CLOUD_QUOTA_PROJECT: 'billing' };
  const { charged: projects } = await asked(env, { impersonate: 'ci@p.iam.gserviceaccount.com' });
  expect(projects).toEqual(['billing', 'billing']);
});

test('F4: a user without any quota project is told how to set one (`google-quota-project`)', async () => {
  answers = () => noQuotaProject;
  const { finding } = await asked({}, { quotaProject: undefined } as never);
  expect(finding?.code).toBe('google-quota-project');
  expect(finding?.fix).toContain('gcloud auth application-default set-quota-project acme-dev');
  answers = (project) => (project === '' ? noQuotaProject : userDenied(project));
  // The later calls of a command do not advise to name the very project that was refused.
  for (const times of [1, 2]) {
    const denied = (await asked({}, {}, times)).finding;
    expect(denied?.code).toBe('google-quota-project');
    expect(denied?.fix).toContain('add-iam-policy-binding acme-dev ');
    expect(denied?.fix).toContain('roles/serviceusage.serviceUsageConsumer');
  }
});

test('F4: an API that is off is switched on in the project that the error names', async () => {
  answers = () => apiOff('99');
  const env = { GOOGLE_CLOUD_QUOTA_PROJECT: 'billing' };
  expect((await asked(env)).finding?.fix).toContain('gcloud services enable run.googleapis.com --project 99');
  expect((await asked({})).finding?.fix).toContain('gcloud services enable run.googleapis.com --project acme-dev');
});

test('F5: a permission in the spelling of Cloud Run has its role', () => {
  expect(roleFor('iam.serviceaccounts.actAs')).toBe('roles/iam.serviceAccountUser');
  const words = "Permission 'iam.serviceaccounts.actAs' denied on service account a@p.iam.gserviceaccount.com";
  const finding = googleFault(errorOf(403, refusal(words)), {
    doing: 'acting as',
    resource: 'a@p.iam.gserviceaccount.com',
  });
  expect(finding.fix).toContain('service-accounts add-iam-policy-binding a@p.iam.gserviceaccount.com');
});

test.each([
  ['Permission denied for service-12@serverless-robot-prod.iam.gserviceaccount.com on host run.googleapis.com', ''],
  ['Permission denied on secret: a@dev.iam.gserviceaccount', ''],
  ["Permission 'run.jobs.create' denied on resource a@dev.iam.gserviceaccount.com", 'run.jobs.create'],
  ['Permission "artifactregistry.repositories.get" denied', 'artifactregistry.repositories.get'],
])('F6: only quoted words name a permission, no part of an address does: %s', (message, permission) => {
  expect(errorOf(403, refusal(message)).permission ?? '').toBe(permission);
});

const uid = 'eYhDkfYCu-dOCjuj8X4Am9';
const customPolicy = 'customConstraints/custom.jobsNeedLabels';

test.each([
  [
    'a perimeter, with its identifier',
    refusal("Request is prohibited by organization's policy.", 'SECURITY_POLICY_VIOLATED', { uid }),
    uid,
    'perimeter',
  ],
  [
    'billing that is off',
    refusal('This API method requires billing to be enabled.', 'BILLING_DISABLED'),
    'billing',
    'gcloud billing projects link acme-dev',
  ],
  [
    'a policy of the organization’s own',
    refusal('Operation denied by custom org policies', 'CUSTOM_ORG_POLICY_VIOLATION', {
      customConstraints: customPolicy,
    }),
    customPolicy,
    `an exception from ${customPolicy}`,
  ],
  [
    'a policy in a violation alone',
    refusal('The request has violated one or more Org Policies.', '', {}, [
      { type: 'constraints/run.allowedBinaryAuthorizationPolicies', description: 'not allowed' },
    ]),
    'constraints/run.allowedBinaryAuthorizationPolicies',
    '`binaryAuthorization: "default"`',
  ],
  [
    'a policy that demands a key',
    refusal(
      'Constraint `constraints/gcp.restrictNonCmekServices` violated for `projects/12` attempting to create a resource without specifying a KMS CryptoKey.',
    ),
    'constraints/gcp.restrictNonCmekServices',
    '`encryptionKey`',
  ],
  [
    'a policy that demands regional endpoints',
    refusal(
      "Request is disallowed by organization's constraints/gcp.restrictEndpointUsage constraint for 'projects/12' attempting to use service 'secretmanager.googleapis.com'.",
    ),
    'constraints/gcp.restrictEndpointUsage',
    '`endpoints`',
  ],
])('F6/F15: %s is told as what it is, not as a missing role', (_, body, why, fix) => {
  const finding = googleFault(errorOf(403, body), what);
  expect(finding).toMatchObject({ code: 'google-refused', why: expect.stringContaining(why) });
  expect(finding.fix).toContain(fix);
  expect(finding.fix).not.toContain('add-iam-policy-binding');
});

test.each([400, 412])('F15: a policy is named whatever status it comes with: %i', (status) => {
  const body = refusal('Precondition check failed.', 'CUSTOM_ORG_POLICY_VIOLATION', {
    customConstraints: 'constraints/run.managed.requireInvokerIam',
  });
  expect(googleFault(errorOf(status, body), what)).toMatchObject({
    code: 'google-refused',
    why: expect.stringContaining('constraints/run.managed.requireInvokerIam'),
  });
});

test('U9: an API behind a regional endpoint is enabled under its own name', () => {
  const words =
    'Secret Manager API has not been used in project 12 before or it is disabled: secretmanager.us-central1.rep.googleapis.com';
  expect(googleFault(errorOf(403, refusal(words)), what).fix).toContain('enable secretmanager.googleapis.com ');
});
