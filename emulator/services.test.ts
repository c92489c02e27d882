import { ArtifactRegistryClient } from '@google-cloud/artifact-registry';
import { ProjectsClient } from '@google-cloud/resource-manager';
import { SecretManagerServiceClient } from '@google-cloud/secret-manager';
import { ServiceUsageClient } from '@google-cloud/service-usage';
import { VpcAccessServiceClient } from '@google-cloud/vpc-access';
import { describe, expect, test } from 'vitest';
import { digestOf, repositoryOf } from './registry/store.ts';
import { startEmulator } from './start.ts';
import { clientOptions, transports } from './test-clients.ts';

const place = 'projects/acme-dev/locations/us-central1';

describe.each(transports)('over %s the official clients', (_, optionsOf) => {
  test('Secret Manager: versions are numbered, disabled, enabled, destroyed; payloads carry their checksum', async () => {
    await using cloud = await startEmulator();
    const secrets = new SecretManagerServiceClient(await optionsOf(cloud));
    const [secret] = await secrets.createSecret({
      parent: 'projects/acme-dev',
      secretId: 'database-url-dev',
      secret: { replication: { automatic: {} }, labels: { env: 'dev' } },
    });
    const name = secret.name ?? '';
    for (const data of ['123456789', 'two', 'three'])
      await secrets.addSecretVersion({ parent: name, payload: { data: Buffer.from(data) } });
    const [first] = await secrets.accessSecretVersion({ name: `${name}/versions/1` });
    // The check value of CRC-32C.
    expect(Number(first.payload?.dataCrc32c)).toBe(0xe3069283);
    await secrets.disableSecretVersion({ name: `${name}/versions/3` });
    await expect(secrets.accessSecretVersion({ name: `${name}/versions/latest` })).rejects.toThrow('DISABLED');
    await secrets.enableSecretVersion({ name: `${name}/versions/3` });
    await secrets.destroySecretVersion({ name: `${name}/versions/2` });
    await expect(secrets.enableSecretVersion({ name: `${name}/versions/2` })).rejects.toThrow('DESTROYED');
    const [enabled] = await secrets.listSecretVersions({ parent: name, filter: 'state:ENABLED' });
    expect(enabled.map((version) => version.name?.split('/').at(-1))).toEqual(['3', '1']);
    const [updated] = await secrets.updateSecret({
      secret: { name, labels: { env: 'test' } },
      updateMask: { paths: ['labels'] },
    });
    expect(updated.labels).toEqual({ env: 'test' });
    expect((await secrets.listSecrets({ parent: 'projects/acme-dev' }))[0]).toHaveLength(1);
    const sent = { data: Buffer.from('x'), dataCrc32c: 1 };
    await expect(secrets.addSecretVersion({ parent: name, payload: sent })).rejects.toThrow('checksum');
    await expect(
      secrets.createSecret({
        parent: 'projects/acme-dev',
        secretId: 'a b',
        secret: { replication: { automatic: {} } },
      }),
    ).rejects.toThrow('expected format');
    await secrets.deleteSecret({ name });
    await expect(secrets.getSecret({ name })).rejects.toThrow('not found');
  });

  test('VPC connectors are made, listed and deleted; wrong ones are refused; jobs see their state', async () => {
    await using cloud = await startEmulator();
    const connectors = new VpcAccessServiceClient(await optionsOf(cloud));
    const wanted = { network: 'default', ipCidrRange: '10.8.0.0/28' };
    const [making] = await connectors.createConnector({
      parent: place,
      connectorId: 'dev-cloud-run-connector',
      connector: wanted,
    });
    const [made] = await making.promise();
    // The client decodes the content of operations by number.
    expect(made).toMatchObject({ name: `${place}/connectors/dev-cloud-run-connector`, state: 1, minInstances: 2 });
    cloud.seed.connector(`${place}/connectors/broken`, 'ERROR');
    const [all] = await connectors.listConnectors({ parent: place });
    expect(all.map(({ state }) => state)).toEqual(['READY', 'ERROR']);
    for (const [connectorId, connector] of [
      ['a-name-of-more-than-25-chars', wanted],
      ['good', { network: 'default', ipCidrRange: '10.8.0.0/24' }],
      ['good', { ...wanted, subnet: { name: 'sub' } }],
      ['good', { network: 'default' }],
    ] as const)
      await expect(connectors.createConnector({ parent: place, connectorId, connector })).rejects.toThrow(/must/i);
    const [removal] = await connectors.deleteConnector({ name: made.name ?? '' });
    await removal.promise();
    await expect(connectors.getConnector({ name: made.name ?? '' })).rejects.toThrow('not found');
  });

  test('an API that is off answers with SERVICE_DISABLED until it is turned on', async () => {
    await using cloud = await startEmulator();
    cloud.seed.project('acme-dev', '123456789012');
    cloud.seed.api('acme-dev', 'secretmanager.googleapis.com', false);
    const options = await optionsOf(cloud);
    const [secrets, usage] = [new SecretManagerServiceClient(options), new ServiceUsageClient(options)];
    await expect(secrets.listSecrets({ parent: 'projects/acme-dev' })).rejects.toMatchObject({
      message: expect.stringContaining('has not been used in project 123456789012') as string,
    });
    const names = ['run', 'secretmanager'].map((api) => `projects/acme-dev/services/${api}.googleapis.com`);
    const [found] = await usage.batchGetServices({ parent: 'projects/acme-dev', names });
    expect(found.services?.map(({ state }) => state)).toEqual(['ENABLED', 'DISABLED']);
    const [enabling] = await usage.enableService({ name: names[1] ?? '' });
    const [enabled] = await enabling.promise();
    expect(enabled.service).toMatchObject({
      name: 'projects/123456789012/services/secretmanager.googleapis.com',
      state: 2,
    });
    expect((await secrets.listSecrets({ parent: 'projects/acme-dev' }))[0]).toEqual([]);
    const [disabling] = await usage.disableService({ name: names[0] ?? '' });
    await disabling.promise();
    const [off] = await usage.listServices({ parent: 'projects/acme-dev', filter: 'state:DISABLED' });
    expect(off.map(({ config }) => config?.name)).toEqual(['run.googleapis.com']);
  });

  test('Artifact Registry: repositories, and the images, versions and tags of the registry beside it', async () => {
    await using cloud = await startEmulator();
    const client = new ArtifactRegistryClient(await optionsOf(cloud));
    const [making] = await client.createRepository({
      parent: place,
      repositoryId: 'godwit',
      repository: { format: 'DOCKER' },
    });
    const [repository] = await making.promise();
    const name = repository.name ?? '';
    expect(repository.registryUri).toBe(`${cloud.registry}/acme-dev/godwit`);
    // The state after a push.
    const stored = repositoryOf(cloud.images!.store, 'acme-dev/godwit/runner');
    for (const [index, tag] of ['older', 'newer'].entries()) {
      const bytes = Buffer.from(JSON.stringify({ schemaVersion: 2, tag, layers: [{ size: 100 }] }));
      const digest = digestOf(bytes);
      const mediaType = 'application/vnd.oci.image.manifest.v1+json';
      stored.manifests.set(digest, { digest, mediaType, bytes, uploadedAt: Date.now() + index });
      stored.tags.set(tag, digest);
    }
    const [images] = await client.listDockerImages({ parent: name });
    expect(images.map(({ tags }) => tags)).toEqual([['newer'], ['older']]);
    expect(images[0]?.uri).toBe(`${cloud.registry}/acme-dev/godwit/runner@${stored.tags.get('newer')}`);
    expect((await client.getDockerImage({ name: images[0]?.name ?? '' }))[0].tags).toEqual(['newer']);
    const [packages] = await client.listPackages({ parent: name });
    const [versions] = await client.listVersions({ parent: packages[0]?.name ?? '' });
    expect(versions.map(({ relatedTags }) => relatedTags?.length)).toEqual([1, 1]);
    const old = versions[1]?.name ?? '';
    await expect(client.deleteVersion({ name: old })).rejects.toThrow('tagged');
    const [removal] = await client.deleteVersion({ name: old, force: true });
    await removal.promise();
    expect((await client.listTags({ parent: packages[0]?.name ?? '' }))[0]).toHaveLength(1);
    await expect(client.getVersion({ name: old })).rejects.toThrow('not found');
    await expect(
      client.createRepository({ parent: place, repositoryId: 'godwit', repository: { format: 'DOCKER' } }),
    ).rejects.toThrow('exists');
    await expect(client.getRepository({ name: `${place}/repositories/other` })).rejects.toThrow('not found');
  });
});

test('Resource Manager: a project, and which of some permissions the caller has', async () => {
  const somebody = 'user:somebody@example.com';
  await using cloud = await startEmulator({
    iam: { [somebody]: ['run.*', { permission: 'resourcemanager.projects.get', on: 'projects/acme-dev' }] },
  });
  cloud.seed.project('acme-dev', '123456789012');
  cloud.seed.project('acme-prod');
  const projects = new ProjectsClient(clientOptions(cloud, somebody));
  const [project] = await projects.getProject({ name: 'projects/acme-dev' });
  expect(project).toMatchObject({ name: 'projects/123456789012', projectId: 'acme-dev', state: 'ACTIVE' });
  await expect(projects.getProject({ name: 'projects/acme-prod' })).rejects.toThrow('denied on resource');
  const [seen] = await projects.searchProjects({});
  expect(seen.map(({ projectId }) => projectId)).toEqual(['acme-dev']);
  const permissions = ['run.jobs.create', 'cloudsql.instances.get'];
  const [tested] = await projects.testIamPermissions({ resource: 'projects/acme-dev', permissions });
  expect(tested.permissions).toEqual(['run.jobs.create']);
});

test('IAM: a service account is there or not, and who may act as it', async () => {
  await using cloud = await startEmulator();
  const email = 'dev-cloud-run-sa@acme-dev.iam.gserviceaccount.com';
  cloud.seed.serviceAccount(email);
  const ask = async (path: string, body?: object) => {
    const response = await fetch(`${cloud.url}/v1/${path}`, {
      method: body === undefined ? 'GET' : 'POST',
      headers: { authorization: `Bearer ${cloud.env('user:me@example.com')['GOOGLE_OAUTH_ACCESS_TOKEN']}` },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
    return { status: response.status, body: (await response.json()) as Record<string, unknown> };
  };
  expect(await ask(`projects/-/serviceAccounts/${email}`)).toMatchObject({
    status: 200,
    body: { email, projectId: 'acme-dev' },
  });
  expect((await ask('projects/acme-dev/serviceAccounts/other@acme-dev.iam.gserviceaccount.com')).status).toBe(404);
  cloud.iam.revoke('user:me@example.com', 'iam.serviceAccounts.get');
  const permissions = ['iam.serviceAccounts.actAs', 'iam.serviceAccounts.get'];
  const tested = await ask(`projects/acme-dev/serviceAccounts/${email}:testIamPermissions`, { permissions });
  expect(tested.body).toEqual({ permissions: ['iam.serviceAccounts.actAs'] });
  const policy = { bindings: [{ role: 'roles/iam.serviceAccountUser', members: ['user:me@example.com'] }] };
  await ask(`projects/acme-dev/serviceAccounts/${email}:setIamPolicy`, { policy });
  expect((await ask(`projects/acme-dev/serviceAccounts/${email}:getIamPolicy`, {})).body).toMatchObject(policy);
});
