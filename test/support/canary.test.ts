import { spawn } from 'node:child_process';
import { brotliCompressSync, gzipSync } from 'node:zlib';
import { expect, test } from 'vitest';
import { canaryIn, canaryPassword, onPurpose, watchProcesses } from './canary.ts';
import { until } from './child.ts';

const packed = brotliCompressSync(JSON.stringify({ why: canaryPassword })).toString('base64');
const everyForm: Readonly<Record<string, string | Uint8Array>> = {
  'as it is': canaryPassword,
  'in a URL': `postgresql://u:${encodeURIComponent(canaryPassword)}@h/d`,
  'in JSON in JSON': JSON.stringify(JSON.stringify({ password: canaryPassword })),
  'in SQL': `'${canaryPassword.replaceAll("'", "''")}'`,
  'in base64': Buffer.from(canaryPassword).toString('base64'),
  'in base64, a byte later': Buffer.from(`x${canaryPassword}`).toString('base64'),
  'in base64, two bytes later': Buffer.from(`xy${canaryPassword}`).toString('base64url'),
  'in hexadecimal': Buffer.from(canaryPassword).toString('hex'),
  'in a packed layer': gzipSync(`header${canaryPassword}trailer`),
  'in a packed variable': JSON.stringify({ env: [{ name: 'GODWIT_TASK', value: packed }] }),
};

test.each(Object.entries(everyForm))('the canary is found %s', (_, content) => {
  expect(canaryIn(content)).toBeDefined();
});

test('nothing is found where it is not', () => {
  expect(
    canaryIn(JSON.stringify({ env: [{ value: brotliCompressSync('{"n":1}').toString('base64') }] })),
  ).toBeUndefined();
});

test.skipIf(process.platform !== 'linux')('a process with it in its arguments or environment is seen', async () => {
  const watch = watchProcesses('', 'on purpose');
  const wait = ['-e', 'setTimeout(() => {}, 30_000)'];
  const children = [
    spawn(process.execPath, [...wait, canaryPassword], { env: onPurpose }),
    spawn(process.execPath, wait, { env: { ...onPurpose, SECRET: canaryPassword } }),
    spawn(process.execPath, wait, { env: { ...onPurpose, SECRET: canaryPassword, CLOUD_RUN_EXECUTION: 'x' } }),
  ];
  try {
    await until('all are seen', () => watch.found().length >= 2 && watch.tasks() > 0);
  } finally {
    for (const child of children) child.kill('SIGKILL');
  }
  watch.stop();
  expect(watch.found().map((found) => found.split(' ')[0])).toEqual(
    expect.arrayContaining(['arguments', 'environment']),
  );
  expect(watch.tasks()).toBe(1);
});
