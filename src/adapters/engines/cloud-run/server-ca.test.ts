import { expect, test } from 'vitest';
import { startEmulator } from '../../../../emulator/start.ts';
import { createRedactor } from '../../../kit/redact.ts';
import { createGoogle } from '../../google/google.ts';
import type { CloudRunOptions } from './options.ts';
import { serverCaOf } from './server-ca.ts';

const pem = (name: string): string => `-----BEGIN CERTIFICATE-----\n${name}\n-----END CERTIFICATE-----\n`;
const instance = 'acme-dev:us-central1:dev-db';

test('U4: around a rotation the job knows the next CA and the former one, where they may be listed', async () => {
  const reader = 'user:reader@example.com';
  await using cloud = await startEmulator({
    registry: false,
    iam: { 'user:viewer@example.com': ['cloudsql.*'], [reader]: ['cloudsql.instances.get'] },
  });
  const otherServerCas = [pem('next'), pem('former')];
  cloud.seed.sqlInstance(instance, { serverCaCert: pem('present'), otherServerCas });
  const caOf = async (principal: string): Promise<string | undefined> => {
    const env = cloud.env(principal);
    const google = createGoogle({ endpoints: { sqladmin: cloud.url }, env, redactor: createRedactor() });
    return await serverCaOf(google, { instance } as CloudRunOptions);
  };
  const all = await caOf('user:viewer@example.com');
  expect(all?.match(/\w+(?=\n-----END)/g)).toEqual(['present', 'next', 'former']);
  expect((await caOf(reader))?.match(/\w+(?=\n-----END)/g)).toEqual(['present']);
});
