import { createHash } from 'node:crypto';
import { expect, test } from 'vitest';
import { removeOldImages } from '../../src/adapters/engines/cloud-run/remove-images.ts';
import { createGoogle } from '../../src/adapters/google/google.ts';
import { createRedactor } from '../../src/kit/redact.ts';
import { applyTask, bundleIn } from '../support/apply-task.ts';
import { jobWorld, type JobWorld } from '../support/cloud-run.ts';
import { createTestDatabase } from '../support/database.ts';
import { createProject } from '../support/project.ts';
import { pushImage, tinyNodeImage } from '../support/base-image.ts';

const place = 'acme-dev/godwit/runner';
const day = 24 * 60 * 60 * 1000;

/** Puts `count` images of this kind into the project's repository, each a day older, the first 100 days old. */
async function oldImages({ emulator }: JobWorld, kind: string, count: number): Promise<readonly string[]> {
  const digests: string[] = [];
  for (let at = 0; at < count; at += 1) {
    const name = `${emulator.registry}/${place}:${kind}-${String(at).padStart(12, '0')}`;
    const digest = await pushImage(name, { ...tinyNodeImage, layers: [{ mark: `${kind} ${at}` }] });
    const { manifests } = emulator.images!.store.repositories.get(place)!;
    manifests.set(digest, { ...manifests.get(digest)!, uploadedAt: Date.now() - (100 + at) * day });
    digests.push(digest);
  }
  return digests;
}

/** Too much for a variable, and nothing that compresses. */
function largeMigration(seed: string): string {
  const words = Array.from({ length: 900 }, (_, at) => createHash('sha512').update(`${seed}${at}`).digest('base64'));
  return `create table ${seed} (word text); insert into ${seed} values ('${words.join("'), ('")}');`;
}

function tagsIn({ emulator }: JobWorld): readonly string[] {
  return [...emulator.images!.store.repositories.get(place)!.tags.keys()].sort();
}

async function run(world: JobWorld, url: string, name: string): Promise<void> {
  using project = createProject({ [`migrations/1_${name}.sql`]: largeMigration(name) }, url);
  expect(await world.perform(applyTask(), await bundleIn(project.folder))).toMatchObject({ exitCode: 0 });
}

test('a run that pushes an image removes old ones; the newest of each environment stay', async () => {
  await using database = await createTestDatabase();
  await using world = await jobWorld(database.url);
  const dev = await oldImages(world, 'bundle-dev-0123456789ab', 12);
  await oldImages(world, 'bundle-prod-0123456789ab', 3);
  await run(world, database.url, 'first');
  const { manifests } = world.emulator.images!.store.repositories.get(place)!;
  expect(dev.map((digest) => manifests.has(digest))).toEqual(dev.map((_, at) => at < 9));
  expect(tagsIn(world).filter((tag) => tag.startsWith('bundle-prod'))).toHaveLength(3);
  expect(tagsIn(world).filter((tag) => tag.startsWith('base-'))).toHaveLength(1);
  expect(world.called('DeleteVersion')).toBe(3);
});

test('F9: images are removed only in the environment’s own project, where the name of the repository says', async () => {
  await using world = await jobWorld('postgresql://app@127.0.0.1:1/app');
  const { options, emulator } = world;
  const swept = async (repository: string): Promise<string> => {
    const before = emulator.calls.length;
    const google = createGoogle({ endpoints: options.endpoints, env: world.cloud.env, redactor: createRedactor() });
    await removeOldImages({ google, options: { ...options, image: { ...options.image, repository } } });
    const listed = emulator.calls.slice(before).filter(({ method }) => method.endsWith('ListDockerImages'));
    return listed.map(({ needs }) => needs[0]?.resource).join();
  };
  const own = 'projects/acme-dev/locations';
  expect(await swept('godwit')).toContain(`${own}/us-central1/repositories/godwit`);
  expect(await swept('us-docker.pkg.dev/acme-dev/images')).toContain(`${own}/us/repositories/images`);
  expect(await swept('eu.gcr.io/acme-dev')).toContain(`${own}/europe/repositories/eu.gcr.io`);
  expect(await swept('us-central1-docker.pkg.dev/shared/godwit')).toBe('');
  expect(await swept('docker.io/acme-dev/godwit')).toBe('');
});

test('a run that pushes nothing asks for no images, and one that may not list them goes on', async () => {
  await using database = await createTestDatabase();
  await using world = await jobWorld(database.url);
  using project = createProject({ 'migrations/1_a.sql': 'create table a (n int);' }, database.url);
  const bundle = await bundleIn(project.folder);
  world.emulator.faults.onCall({ method: 'ListDockerImages', kind: 'status', status: 'PERMISSION_DENIED' });
  expect(await world.perform(applyTask(), bundle)).toMatchObject({ exitCode: 0 });
  expect(world.called('ListDockerImages')).toBe(1);
  expect(await world.perform(applyTask(), bundle)).toMatchObject({ exitCode: 0 });
  expect(world.called('ListDockerImages')).toBe(1);
});
