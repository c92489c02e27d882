import { expect, test } from 'vitest';
import { cloudRunOptions } from '../../../project/cloud-run-options.ts';
import type { CloudRunConfig } from '../../../project/config-model.ts';
import { agentFault } from './agent-fault.ts';
import { conditionFault } from './condition-fault.ts';

function optionsOf(config: Partial<CloudRunConfig> = {}) {
  const whole: CloudRunConfig = { kind: 'cloud-run', project: 'social-network-prod', ...config };
  return cloudRunOptions({ name: 'vpc', config: whole, database: undefined, env: {} });
}

const agent = 'service-711987267850@serverless-robot-prod.iam.gserviceaccount.com';

/** The words of Cloud Run as public reports quote them, with names that contain words of other causes. */
test.each([
  [
    'Permission denied on secret: projects/social-network-prod/secrets/vpc-connector-url/versions/1 for Revision service account network@social-network-prod.iam.gserviceaccount.com.',
    'secret-refused',
  ],
  [
    'spec.template.spec.containers[0].env[12].value_from.secret_key_ref.name: Permission denied on secret: projects/1/secrets/image-not-found/versions/1 for Revision service account a@b.iam.gserviceaccount.com.',
    'secret-refused',
  ],
  ['Secret projects/1/secrets/network/versions/3 was not found.', 'secret-version-unusable'],
  ['Secret projects/1/secrets/vpc/versions/3 is in DISABLED state.', 'secret-version-unusable'],
  ["Image 'us-docker.pkg.dev/social-network-prod/secret/runner@sha256:00' not found.", 'image-refused'],
  [
    'VPC connector projects/secret-project/locations/us-central1/connectors/image does not exist, or Cloud Run does not have permission to use it.',
    'network-refused',
  ],
  ['The network of the job is not available in project secret-network.', 'network-refused'],
  ['Service account secret-image@network.iam.gserviceaccount.com does not exist.', 'service-account-missing'],
  ['Quota exceeded in project social-network-prod for "vpc secret".', undefined],
])('F8: names decide nothing, the typical words do: %s', (message, code) => {
  const condition = { state: 'CONDITION_FAILED', message };
  expect(conditionFault([condition], optionsOf(), '3')?.code).toBe(code);
});

test('F8: a secret whose name reads like a state is still granted, not enabled', () => {
  const message = 'Permission denied on secret: projects/1/secrets/disabled/versions/1 for Revision service account a.';
  const finding = conditionFault([{ state: 'CONDITION_FAILED', message }], optionsOf());
  expect(finding?.fix).toContain('secretAccessor');
});

test('F6: a service agent that may not act as an account of another project is granted that, nobody else', () => {
  const serviceAccount = 'migrate@shared-accounts.iam.gserviceaccount.com';
  const words = `Google Cloud Run Service Agent does not have permission to get access tokens for the service account ${serviceAccount}. Please give ${agent} permission iam.serviceAccounts.getAccessToken on the service account. Alternatively, if the service account is unspecified or in the same project you are deploying in, ensure that the Service Agent is assigned the Google Cloud Run Service Agent role roles/run.serviceAgent.`;
  const finding = agentFault(words, optionsOf({ serviceAccount }));
  expect(finding?.code).toBe('google-permission-denied');
  expect(finding?.fix).toBe(
    `\`gcloud iam service-accounts add-iam-policy-binding ${serviceAccount} --project shared-accounts --member serviceAccount:${agent} --role roles/iam.serviceAccountTokenCreator\``,
  );
  expect(agentFault(words, optionsOf())?.fix).toContain('roles/run.serviceAgent');
});

test('F6: a service agent that may not pull is granted the reader’s role on the repository of the image', () => {
  const words = `Google Cloud Run Service Agent ${agent} must have permission to read the image, europe-docker.pkg.dev/shared/my-repo/runner:latest. Ensure that the provided container image URL is correct and that the above account has permission to access the image. If you just enabled the Cloud Run API, the permissions might take a few minutes to propagate.`;
  const finding = conditionFault([{ state: 'CONDITION_FAILED', message: words }], optionsOf());
  expect(finding?.code).toBe('image-refused');
  expect(finding?.fix).toContain('repositories add-iam-policy-binding my-repo --project shared --location europe ');
  expect(finding?.fix).toContain(`serviceAccount:${agent}`);
});

test('F6: a caller that may not use the image is told about the caller', () => {
  const words = 'User does not have access to image us-central1-docker.pkg.dev/social-network-prod/godwit/runner.';
  const finding = agentFault(words, optionsOf());
  expect(finding?.fix).toContain('godwit --project social-network-prod --location us-central1 --member "user:');
  expect(finding?.fix).not.toContain('serverless-robot');
});
