import { expect, test } from 'vitest';
import { checkConfig } from './config-check.ts';

function problems(value: unknown): readonly string[] {
  const outcome = checkConfig(value, 'godwit.config.json');
  return outcome.ok ? [] : outcome.findings.map((finding) => `${finding.code} ${finding.why} ${finding.fix}`);
}

test('a full configuration is accepted', () => {
  const config = {
    migrations: 'db/migrations',
    environments: {
      local: { database: 'embedded', major: 15 },
      dev: {
        database: { env: 'DEV_DATABASE_URL' },
        checkpoint: 'never',
        triggers: 'inspect',
        ahead: 'refuse',
        engine: 'local',
      },
      prod: { database: { url: 'postgresql://deploy@10.0.0.5/app' }, protected: true, migrations: 'db/prod' },
    },
  };
  expect(checkConfig(config, 'x')).toEqual({ ok: true, value: config });
  expect(problems({})).toEqual([]);
});

test('every wrong key is named at once, each with the nearest right one (`config-invalid`)', () => {
  const found = problems({ migration: 'x', environments: { dev: { databse: 'embedded', protect: true, zzz: 1 } } });
  expect(found).toEqual([
    'config-invalid migration: unknown key. Did you mean `migrations`?',
    'config-invalid environments.dev.databse: unknown key. Did you mean `database`?',
    'config-invalid environments.dev.protect: unknown key. Did you mean `protected`?',
    'config-invalid environments.dev.zzz: unknown key. Known keys here: database, directUrl, major, protected, checkpoint, triggers, ahead, tx, verify, locks, migrations, engine, after, requires, identity.',
  ]);
});

test.each([
  [{ migrations: 3 }, 'migrations: must be a string, not 3.'],
  [{ environments: [] }, 'environments: must be an object, not [].'],
  [{ environments: { dev: 'embedded' } }, 'environments.dev: must be an object, not "embedded".'],
  [{ environments: { 'a b': {} } }, 'environments.a b: is not a valid name for an environment'],
  [{ environments: { dev: { major: 13 } } }, 'environments.dev.major: must be one of 14, 15, 16, 17, 18, not 13.'],
  [{ environments: { dev: { protected: 'yes' } } }, 'environments.dev.protected: must be true or false, not "yes".'],
  [{ environments: { dev: { locks: { budget: 5 } } } }, 'environments.dev.locks.budget: must be a duration, not 5.'],
  [{ environments: { dev: { locks: { waiters: -1 } } } }, 'must be a whole number, not -1.'],
  [{ environments: { dev: { checkpoint: 'allways' } } }, 'Did you mean "always"?'],
  [{ environments: { dev: { database: { env: 'A', url: 'x' } } } }, 'must have one key'],
  [{ environments: { dev: { database: {} } } }, 'must have one key'],
  [{ environments: { dev: { directUrl: 'embedded' } } }, 'environments.dev.directUrl: must be { env: NAME }'],
  [{ environments: { dev: { engine: 'remote' } } }, 'environments.dev.engine: must be one of "local"'],
  [{ environments: { dev: { database: { secret: 'x' } } } }, 'names a secret, which only a cloud engine reads.'],
  [{ environments: { dev: { database: { env: 'A', version: '1' } } } }, '`version` belongs to `secret`.'],
  ['text', 'must be an object, not "text".'],
  [null, 'must be an object, not null.'],
])('%j is refused', (value, text) => {
  expect(problems(value).join('\n')).toContain(text);
});

test.each([
  [{ url: 'postgresql://a:canary@h/d' }, 'url-in-file'],
  [{ url: 'postgresql://h/d?password=canary' }, 'url-in-file'],
  [{ env: 'postgresql://a:canary@h/d' }, 'config-invalid'],
  ['postgresql://a:canary@h/d', 'config-invalid'],
])('a password in a file is refused and not repeated (`url-in-file`)', (database, code) => {
  const found = problems({ environments: { dev: { database } } });
  expect(found.join()).toContain(code);
  expect(found.join()).not.toContain('canary');
});

const engine = { kind: 'cloud-run', project: 'acme-dev' };

test.each([
  [{ engine: {} }, 'engine.kind: is missing.'],
  [{ engine: { kind: 'cloud-run' } }, 'engine.project: is missing.'],
  [{ engine: { ...engine, project: 'Acme' } }, 'must be the id of a Google Cloud project'],
  [{ engine: { ...engine, region: 'Zurich' } }, 'must be a region such as "us-central1", not "Zurich".'],
  [{ engine: { ...engine, serviceAccount: '1-compute@developer.gserviceaccount.com' } }, 'is a default account'],
  [{ engine: { ...engine, network: { connector: 'aa', subnetwork: 'b' } } }, 'the platform takes exactly one of them.'],
  [{ engine: { ...engine, network: {} } }, 'must have `connector`, or `network` or `subnetwork`.'],
  [{ engine: { ...engine, conector: 'a' } }, 'engine.conector: unknown key.'],
  [{ engine: { ...engine, labels: { 'godwit-run': 'x' } } }, 'is one of godwit’s own labels.'],
  [{ engine: { ...engine, image: { repository: 'God Wit' } } }, 'must be the name of an Artifact Registry repository'],
  [{ engine: { ...engine, binaryAuthorization: 'strict' } }, 'must be "default", or a policy such as'],
  [{ engine: { ...engine, encryptionKey: 'k' } }, 'must be a key of Cloud KMS such as'],
  [{ engine: { ...engine, labels: { Team: 'x' } } }, 'is not a valid label'],
  [{ engine: { ...engine, endpoints: { runn: 'http://x' } } }, 'Did you mean `run`?'],
  [{ engine: { ...engine, endpoints: { run: 'x' } } }, 'must be a base URL'],
  [{ engine, database: { env: 'URL' } }, 'database: must be { secret: NAME }'],
  [{ engine, database: { secret: 'x', version: 'latest' } }, 'must be the number of a version'],
  [{ engine, directUrl: { env: 'URL' } }, 'directUrl: has no effect with a cloud engine.'],
])('of a cloud engine, %j is refused', (options, text) => {
  expect(problems({ environments: { dev: options } }).join('\n')).toContain(text);
});

test.each([
  ['us-central1-docker.pkg.dev/acme-dev/godwit', true],
  ['us-docker.pkg.dev/shared/godwit/more', true],
  ['gcr.io/acme-dev', true],
  ['eu.gcr.io/acme-dev/godwit', true],
  ['docker.io/acme/godwit', true],
  ['127.0.0.1:5000/acme-dev/godwit', true],
  ['us-docker.pkg.dev/shared', false],
  ['ghcr.io/acme/godwit', false],
  ['registry.example.com/godwit', false],
  ['my-gcr.io.example.com/godwit', false],
])('F7: images are kept where Cloud Run starts them: %s, %s', (repository, taken) => {
  const image = { repository, base: 'registry.example.com/node:22', own: 'ghcr.io/acme/app:1' };
  const found = problems({ environments: { dev: { engine: { ...engine, image } } } }).join();
  expect(found.includes('from which Cloud Run starts images')).toBe(!taken);
  expect(found === '').toBe(taken);
});
