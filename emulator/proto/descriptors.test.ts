import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { descriptors } from './descriptors.generated.ts';
import { readMessage } from './walk.ts';

test("the generated descriptors are what Google's installed packages say", async () => {
  const script = new URL('../../scripts/descriptors.mjs', import.meta.url).href;
  const { render } = (await import(script)) as { render: () => string };
  expect(render()).toBe(readFileSync(new URL('descriptors.generated.ts', import.meta.url), 'utf8'));
});

test('every type that a message or method names is there', () => {
  const known = new Set([...Object.keys(descriptors.messages), ...Object.keys(descriptors.enums)]);
  const named = [
    ...Object.values(descriptors.messages).flatMap((message) =>
      Object.values(message.fields).map((field) => field.type),
    ),
    ...Object.values(descriptors.services).flatMap((service) =>
      Object.values(service.methods).flatMap((method) => [
        method.request,
        method.response,
        ...Object.values(method.operation ?? {}),
      ]),
    ),
  ];
  expect(named.filter((name) => name.includes('.') && !known.has(name))).toEqual([]);
});

test('scalars are read in every form that proto3 JSON allows, and kept in one', () => {
  const read = (type: string, value: object): unknown => readMessage(descriptors, type, value as never);
  expect(read('google.cloud.run.v2.TaskTemplate', { max_retries: '0', timeout: '1.500s' })).toEqual({
    maxRetries: 0,
    timeout: '1.500s',
  });
  expect(read('google.cloud.run.v2.ListJobsRequest', { pageSize: 0, parent: '' })).toEqual({});
  expect(read('google.cloud.secretmanager.v1.SecretPayload', { data: '_-8', dataCrc32c: 5 })).toEqual({
    data: '/+8=',
    dataCrc32c: '5',
  });
  expect(read('google.cloud.run.v2.VpcAccess', { egress: 2, connector: null })).toEqual({
    egress: 'PRIVATE_RANGES_ONLY',
  });
  expect(() => read('google.cloud.run.v2.TaskTemplate', { maxRetries: 3_000_000_000 })).toThrow('TYPE_INT32');
});
