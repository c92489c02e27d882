import { expect, test } from 'vitest';
import { isFilePath, secretsIn } from './secret-variables.ts';

const found: readonly (readonly [string, string, readonly string[]])[] = [
  ['PGPASSWORD', 'pw', ['pw']],
  ['DATABASE_URL', 'postgresql://ann:p%40rrot@db/shop', ['p%40rrot', 'p@rrot']],
  ['DATABASE_URL', 'postgresql://ann:12/parrot?c=d@db/shop', ['12/parrot?c=d']],
  ['DATABASE_URL', 'postgresql://ann:p@rr@t@db/shop', ['p@rr@t']],
  ['DATABASE_URL', 'postgresql://db/shop?user=ann&password=p%20rrot', ['p%20rrot', 'p rrot']],
  ['DATABASE_URL', 'host=db user=ann password=parrot', ['parrot']],
  ['DATABASE_URL', String.raw`host=db user=ann password='par rot\'s'`, ["par rot's"]],
  ['DATABASE_URL', 'mysql://ann:parrot@db/shop', ['parrot']],
  ['SHOP_DB', 'postgresql://ann:parrot-7parrot@db/shop', ['parrot-7parrot']],
  ['GITHUB_TOKEN', 'abc_123456789', ['abc_123456789']],
  ['MY_SERVICE_PASSWORD', 'parrot7parrot', ['parrot7parrot']],
  ['npm_config_//registry.example.com/:_authToken', 'abc_123456789', ['abc_123456789']],
  ['GOOGLE_APPLICATION_CREDENTIALS', '{"type":"x"', ['{"type":"x"']],
  ['HTTPS_PROXY', 'http://ann:parrot-7parrot@proxy:3128', ['parrot-7parrot']],
];
test.each(found)('%s=%s holds a secret', (name, value, secrets) => {
  expect(secretsIn({ [name]: value })).toEqual(expect.arrayContaining([...secrets]));
});

const none: readonly (readonly [string, string])[] = [
  ['PGPASSWORD', ''],
  ['DATABASE_URL', 'postgresql://ann@db/shop'],
  ['OTHER_URL', 'postgresql://postgres:db@db/shop'],
  ['USE_TOKEN', 'true'],
  ['DATABASE_PASSWORD', 'database-url-dev'],
  ['TOKEN_URL', 'https://sts.googleapis.com/v1/token'],
  ['TLS_PRIVATE_KEY', '/etc/ssl/key.pem'],
  ['GOOGLE_APPLICATION_CREDENTIALS', '/home/runner/work/shop/gha-creds-0123456789abcdef.json'],
  ['GOOGLE_APPLICATION_CREDENTIALS', 'key.json'],
  ['PATH', '/usr/bin:/bin'],
];
test.each(none)('%s=%s holds none', (name, value) => {
  expect(secretsIn({ [name]: value })).toEqual([]);
});

test('paths of all systems are paths', () => {
  for (const path of [
    '~/key.json',
    'C:\\Users\\Ann Example\\key.json',
    '/Users/ann/Schlüssel (1).json',
    './a+b=c.json',
  ])
    expect(isFilePath(path), path).toBe(true);
});
