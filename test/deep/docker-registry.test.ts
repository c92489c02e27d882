import { describe, expect, test } from 'vitest';
import { createRegistryCredentials } from '../../src/adapters/image/credentials.ts';
import { parseReference } from '../../src/adapters/image/reference.ts';
import { createRegistryClient } from '../../src/adapters/image/registry-client.ts';
import { ok } from '../../src/kit/outcome.ts';
import { registrySuite } from '../image/registry-suite.ts';
import { quick } from '../image/world.ts';
import { pushTo, tinyNodeImage } from '../support/base-image.ts';
import { registryUser, startDockerRegistry } from '../support/docker-registry.ts';
import { missing } from '../support/tools.ts';

describe.skipIf(missing('docker-registry'))('with a real registry', () => {
  registrySuite('Debian’s docker-registry', () => startDockerRegistry());

  test('a registry that wants a name and a password gets those of Docker’s configuration', async () => {
    await using server = await startDockerRegistry({ guarded: true });
    const { name, password } = registryUser;
    const parsed = parseReference(`${server.host}/team/app:1`);
    if (!parsed.ok) throw new Error('no image');
    using client = createRegistryClient({
      credentials: () => Promise.resolve(ok({ kind: 'basic', user: name, password })),
      timeouts: quick,
    });
    const digest = await pushTo(client, parsed.value, tinyNodeImage);
    expect(await client.findManifest(parsed.value)).toBe(digest);
    using stranger = createRegistryClient({
      credentials: createRegistryCredentials({ googleToken: () => Promise.resolve(ok('')), dockerConfig: '/nowhere' }),
      timeouts: quick,
    });
    await expect(stranger.findManifest(parsed.value)).rejects.toThrow(/^registry-denied/);
  });
});
