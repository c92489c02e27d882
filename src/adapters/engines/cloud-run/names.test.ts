import { expect, test } from 'vitest';
import { nodeHashing } from '../../files/hashing.ts';
import { labelsOf } from './labels.ts';
import {
  connectorName,
  executionName,
  jobNames,
  labelValue,
  parseExecutionName,
  secretName,
  stableJob,
} from './names.ts';

const run = '01JD9XYZABCDEFGHJKMNPQRSTV';
const names = (job: 'ephemeral' | 'stable', environment: string, attempt = 1) =>
  jobNames({ job }, environment, { run, attempt }, nodeHashing);

test('an ephemeral job is named after environment and run', () => {
  expect(names('ephemeral', 'dev')).toEqual({ job: 'dev-godwit-01jd9xyzabcdefghjkmnpqrstv', token: 'r1' });
});

test('a stable job is named after its environment, and its executions after their run', () => {
  expect(names('stable', 'dev')).toEqual({ job: 'dev-godwit', token: 'r01jd9xyzabcdefghjkmnpqrstv-1' });
  expect(stableJob('dev', nodeHashing)).toBe('dev-godwit');
});

test('a second execution of a run has a name of its own', () => {
  expect(names('ephemeral', 'dev', 2).token).toBe('r2');
  expect(names('stable', 'dev', 12).token).toMatch(/-12$/);
});

const environments = ['dev', 'Production_EU', 'a'.repeat(80), 'x-_-', `${'long-name_'.repeat(9)}1`, 'A'];

test.each([...environments, 'preproduction-eu1', 'production-europe-west1'])(
  'F12, U5: the platform accepts the names for environment %s: jobs of at most 49 characters, tokens that are DNS labels',
  (environment) => {
    for (const job of ['ephemeral', 'stable'] as const) {
      for (const attempt of [1, 12]) {
        const made = names(job, environment, attempt);
        expect(made.job).toMatch(/^[a-z]([a-z0-9-]{0,47}[a-z0-9])?$/);
        expect(made.token).toMatch(/^[a-z]([a-z0-9-]*[a-z0-9])?$/);
        expect(made.job.length + made.token.length).toBeLessThan(63);
        expect(names(job, environment, attempt)).toEqual(made);
      }
    }
    expect(labelValue(environment, nodeHashing)).toMatch(/^[a-z0-9_-]{1,63}$/);
  },
);

test('two long names that begin alike stay two names, and so do two that differ in case', () => {
  const long = 'customer-facing-production-europe-west';
  expect(names('stable', `${long}-1`).job).not.toBe(names('stable', `${long}-2`).job);
  expect(names('stable', 'Dev').job).not.toBe(names('stable', 'dev').job);
  expect(labelValue('Dev', nodeHashing)).not.toBe(labelValue('dev', nodeHashing));
});

test('labels are the user’s and godwit’s own, which win', () => {
  const labels = labelsOf(
    { labels: { team: 'data', 'godwit-run': 'x' } },
    { run, environment: 'dev', bundle: 'ABCDEF0123456789'.toLowerCase(), tool: '0.1.0+Build', token: '1' },
    nodeHashing,
  );
  expect(labels).toEqual({
    team: 'data',
    'godwit-run': run.toLowerCase(),
    'godwit-env': 'dev',
    'godwit-bundle': 'abcdef012345',
    'godwit-tool': '0-1-0-build',
    'godwit-token': '1',
  });
});

test('full names are kept, short ones are completed', () => {
  const options = { project: 'acme-dev', region: 'europe-west3', secret: 'database-url-dev' };
  expect(secretName(options)).toBe('projects/acme-dev/secrets/database-url-dev');
  expect(secretName({ ...options, secret: 'projects/shared/secrets/url' })).toBe('projects/shared/secrets/url');
  expect(connectorName(options, 'c')).toBe('projects/acme-dev/locations/europe-west3/connectors/c');
  const full = 'projects/host/locations/europe-west3/connectors/c';
  expect(connectorName(options, full)).toBe(full);
});

test('a place is read from the name that was made of it', () => {
  const location = executionName({ project: 'acme-dev', region: 'us-central1' }, names('ephemeral', 'dev'));
  expect(parseExecutionName({ location })).toEqual({
    project: 'acme-dev',
    region: 'us-central1',
    job: 'dev-godwit-01jd9xyzabcdefghjkmnpqrstv',
    execution: 'dev-godwit-01jd9xyzabcdefghjkmnpqrstv-r1',
  });
  expect(() => parseExecutionName({ location: '/tmp/run' })).toThrow('not an execution');
});
