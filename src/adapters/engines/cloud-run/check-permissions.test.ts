import { expect, test } from 'vitest';
import { runStub } from '../../../../test/support/run-stub.ts';
import { createGoogle } from '../../google/google.ts';
import { createRedactor } from '../../../kit/redact.ts';
import { checkPermissions } from './check-permissions.ts';

/** The check of a project that shows no permissions, and answers the request to make a job with these words. */
async function checked(words: string) {
  // The first POST asks for the permissions.
  await using stub = await runStub(({ verb, about, before }) =>
    verb === 'POST' && about === 'job' && before > 0 ? [403, 'PERMISSION_DENIED', words] : {},
  );
  const { options } = stub.context;
  const endpoints = { ...options.endpoints, cloudresourcemanager: options.endpoints.run ?? '' };
  const env = { GOOGLE_OAUTH_ACCESS_TOKEN: 'test' };
  const google = createGoogle({ endpoints, env, redactor: createRedactor() });
  const outcome = await checkPermissions(google, options, stub.input.names);
  return outcome.ok ? 'continues' : outcome.findings.map(({ code }) => code).join();
}

test.each([
  ["Permission 'run.jobs.create' denied on resource projects/acme-dev", 'google-permission-denied'],
  ['The caller does not have permission', 'google-permission-denied'],
  ["Permission 'iam.serviceaccounts.actAs' denied on service account a@acme-dev", 'continues'],
  ["Request is prohibited by organization's policy. vpcServiceControlsUniqueIdentifier: x", 'continues'],
  ['Constraint constraints/run.allowedVPCEgress violated for projects/acme-dev', 'continues'],
  ['This API method requires billing to be enabled.', 'continues'],
  ['Cloud Run Admin API has not been used in project 12 before or it is disabled.', 'continues'],
  ['Caller does not have required permission to use project acme-dev.', 'continues'],
  ['The service agent service-1@serverless-robot-prod.iam.gserviceaccount.com must get access tokens', 'continues'],
])('F14: a refusal is told as a missing permission only where no other cause is named: %s', async (words, told) => {
  expect(await checked(words)).toBe(told);
});
