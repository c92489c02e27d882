import { expect, test } from 'vitest';
import type { Task } from '../../../migrate/contract/task.ts';
import { nodeHashing } from '../../files/hashing.ts';
import { jobSpec, timeoutMs, type JobInput } from './job-spec.ts';
import { logLink } from './log-link.ts';
import type { CloudRunOptions } from './options.ts';

const options: CloudRunOptions = {
  kind: 'cloud-run',
  project: 'acme-dev',
  region: 'us-central1',
  secret: 'projects/shared/secrets/url',
  serviceAccount: 'dev-cloud-run-sa@acme-dev.iam.gserviceaccount.com',
  network: { kind: 'direct', network: 'default', subnetwork: 'jobs', tags: ['migrations'] },
  egress: 'all',
  job: 'ephemeral',
  image: { base: 'docker.io/library/node:22-slim', repository: 'godwit' },
  labels: {},
  logs: ['projects/acme-dev'],
  endpoints: {},
};
const task = {
  kind: 'inspect',
  run: '01JD9XYZABCDEFGHJKMNPQRSTV',
  actor: { tool: '0.1.0' },
} as unknown as Task;
const input = {
  options,
  environment: 'dev',
  task,
  bundle: { hash: 'a'.repeat(64) },
  names: { job: 'j', token: '1' },
  image: 'r/i@sha256:0',
  command: ['node', '/godwit/runner.js', 'job'],
  secretVersion: '7',
  hashing: nodeHashing,
} as unknown as JobInput;

interface Spec {
  readonly template: {
    readonly template: {
      readonly vpcAccess: unknown;
      readonly maxRetries: number;
      readonly containers: readonly { readonly env: readonly { readonly name: string }[] }[];
    };
  };
}

test('retries are explicitly zero: unset would mean three', () => {
  expect(JSON.stringify(jobSpec(input))).toContain('"maxRetries":0');
});

test('direct egress names network, subnetwork and tags', () => {
  const { template } = (jobSpec(input) as unknown as Spec).template;
  expect(template.vpcAccess).toEqual({
    networkInterfaces: [{ network: 'default', subnetwork: 'jobs', tags: ['migrations'] }],
    egress: 'ALL_TRAFFIC',
  });
});

test('F15: what organization policies demand of a job reaches it', () => {
  const policy = 'projects/acme-dev/platforms/cloudRun/policies/strict';
  const encryptionKey = 'projects/acme-dev/locations/us-central1/keyRings/r/cryptoKeys/k';
  const demanding = { ...options, binaryAuthorization: policy, encryptionKey };
  expect(jobSpec({ ...input, options: demanding })).toMatchObject({
    binaryAuthorization: { policy },
    template: { template: { encryptionKey } },
  });
  expect(jobSpec({ ...input, options: { ...options, binaryAuthorization: 'default' } })).toMatchObject({
    binaryAuthorization: { useDefault: true },
  });
  expect(Object.keys(jobSpec(input))).not.toContain('binaryAuthorization');
});

test('a secret of another project is named in full, with the number of its version', () => {
  const env = (jobSpec(input) as unknown as Spec).template.template.containers[0]?.env;
  expect(env?.find(({ name }) => name === 'DATABASE_URL')).toEqual({
    name: 'DATABASE_URL',
    valueSource: { secretKeyRef: { secret: 'projects/shared/secrets/url', version: '7' } },
  });
});

test('the timeout is what was configured, else generous, and never the platform’s ten minutes', () => {
  const hour = 3_600_000;
  expect(timeoutMs({ timeoutMs: 5_000 }, task)).toBe(5_000);
  expect(timeoutMs({}, task)).toBe(hour / 2);
  const apply = { kind: 'apply', waitMs: 0, locks: { budgetMs: hour, concurrentMs: hour, waiters: 1 } };
  expect(timeoutMs({}, apply as unknown as Task)).toBe(8 * hour);
  expect(timeoutMs({}, { ...apply, waitMs: 100 * hour } as unknown as Task)).toBe(24 * hour);
});

test('the link asks for the lines of the execution, which outlive the job', () => {
  const place = { project: 'p', region: 'r', job: 'j', execution: 'j-1' };
  const link = logLink(place, '2026-01-02T03:04:05Z');
  expect(link).toMatch(/^https:\/\/console\.cloud\.google\.com\/logs\/query;query=/);
  const filter = decodeURIComponent(/query=([^?]*)\?/.exec(link)?.[1] ?? '');
  expect(filter).toContain('labels."run.googleapis.com/execution_name"="j-1"');
  expect(filter).toContain('timestamp>="2026-01-02T03:04:05Z"');
});
