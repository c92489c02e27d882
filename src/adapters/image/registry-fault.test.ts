import { expect, test } from 'vitest';
import { registryFault } from './registry-fault.ts';

const body = (message: string): string => JSON.stringify({ errors: [{ code: 'DENIED', message }] });

function told(host: string, repository: string, status: number, message: string) {
  const doing = { host, repository, activity: 'writing a layer into', writes: true };
  return registryFault(doing, { status, body: body(message) }).findings[0];
}

test.each([
  ['us-docker.pkg.dev', 'acme/godwit/runner', 'godwit --project=acme --location=us '],
  ['gcr.io', 'acme/runner', 'gcr.io --project=acme --location=us '],
  ['eu.gcr.io', 'example.com/acme/runner', 'eu.gcr.io --project=example.com:acme --location=europe '],
])(
  'U9: a repository that does not exist at %s is created where Artifact Registry keeps it',
  (host, repository, place) => {
    const finding = told(host, repository, 404, 'not found');
    expect(finding?.code).toBe('registry-no-repository');
    expect(finding?.fix).toContain(`gcloud artifacts repositories create ${place}`);
  },
);

test.each([
  [
    "Request is prohibited by organization's policy. vpcServiceControlsUniqueIdentifier: abc",
    'google-refused',
    'perimeter',
  ],
  ['This API method requires billing to be enabled.', 'google-refused', 'gcloud billing projects link acme'],
  [
    'Artifact Registry API has not been used in project 12 before or it is disabled.',
    'google-api-disabled',
    'gcloud services enable artifactregistry.googleapis.com --project acme',
  ],
  [
    'Permission "artifactregistry.repositories.uploadArtifacts" denied on resource',
    'registry-denied',
    'roles/artifactregistry.writer',
  ],
])('F6: a registry that refuses with “%s” is told as %s', (message, code, fix) => {
  const finding = told('us-docker.pkg.dev', 'acme/godwit/runner', 403, message);
  expect(finding?.code).toBe(code);
  expect(finding?.fix).toContain(fix);
});
