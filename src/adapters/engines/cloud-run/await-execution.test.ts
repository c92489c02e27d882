import { expect, test } from 'vitest';
import { runStub, type RunStub, type StubAnswer, type StubCall } from '../../../../test/support/run-stub.ts';
import type { Operation } from '../../google/operations.ts';
import { awaitExecution } from './await-execution.ts';
import { runLabel, tokenLabel } from './labels.ts';
import { startJob } from './start.ts';

const done = { name: 'operations/o', done: true };
const missing = [404, 'NOT_FOUND'] as const;

const labelsOf = ({ input }: RunStub) => ({
  [runLabel]: input.task.run.toLowerCase(),
  [tokenLabel]: input.names.token,
});

/** Waits for an execution on a platform that answers `GET job` with our own job, and all else as told. */
async function awaited(
  answers: (call: StubCall, stub: RunStub) => StubAnswer | undefined,
  timeouts: Parameters<typeof runStub>[1] = {},
  { operation = done, job: kind = 'ephemeral' }: { operation?: Operation; job?: 'ephemeral' | 'stable' } = {},
) {
  let stub: RunStub | undefined;
  stub = await runStub((call) => {
    const platform = stub as RunStub;
    const job = { name: platform.job, labels: labelsOf(platform), etag: '"1"' };
    const told = answers(call, platform);
    if (call.verb === 'GET' && call.about === 'job' && !Array.isArray(told)) return Object.assign(job, told);
    return told ?? (call.about === 'executions' ? {} : call.verb === 'DELETE' ? done : missing);
  }, timeouts);
  await using platform = stub;
  const { options } = platform.context;
  const context = { ...platform.context, options: { ...options, job: kind } };
  const outcome = await awaitExecution(context, { ...platform.input, options: context.options }, operation);
  const findings = outcome.ok ? [] : outcome.findings.map(({ code }) => code);
  return { location: outcome.ok ? outcome.value : findings, runs: platform.asked(':run job'), platform };
}

const short = (name: string): string => name.split('/').pop() ?? '';

test('N1: an execution that the job names but nobody can read yet is waited for, and none is requested', async () => {
  const { location, runs, platform } = await awaited(({ verb, about, before }, { execution }) => {
    if (about === 'job' && verb === 'GET') return { latestCreatedExecution: { name: short(execution) } };
    return about === 'execution' && before >= 5 ? {} : undefined;
  });
  expect([location, runs]).toEqual([platform.execution, 0]);
});

test('N1: one that never becomes readable is followed by its lines when the wait is over', async () => {
  const { location, runs, platform } = await awaited(
    ({ verb, about }, { execution }) =>
      about === 'job' && verb === 'GET' ? { latestCreatedExecution: { name: short(execution) } } : undefined,
    { startMs: 250 },
  );
  expect([location, runs]).toEqual([platform.execution, 0]);
});

test('N1: while the newest execution of the job cannot be read, it may be ours: none is requested', async () => {
  const { location, runs } = await awaited(
    ({ verb, about }) =>
      about === 'job' && verb === 'GET' ? { latestCreatedExecution: { name: 'other' } } : undefined,
    { startMs: 250 },
  );
  expect([location, runs]).toEqual([['job-start-unknown'], 0]);
});

test('N1: before one is requested the executions of the job are listed, and ours is found by its labels', async () => {
  const { location, runs, platform } = await awaited(({ about }, stub) =>
    about === 'executions'
      ? { executions: [{ name: `${stub.job}/executions/x7k2p`, labels: labelsOf(stub) }] }
      : undefined,
  );
  expect([location, runs]).toEqual([`${platform.job}/executions/x7k2p`, 0]);
});

test('N1, U6: without a list of the executions nobody knows whether ours is among them: none is requested', async () => {
  const { runs } = await awaited(({ about }) => (about === 'executions' ? [403, 'PERMISSION_DENIED'] : undefined), {
    startMs: 250,
  });
  expect(runs).toBe(0);
});

test('N1: an execution of another run under a stable job hides nothing: ours is requested, once', async () => {
  const { location, runs, platform } = await awaited(({ verb, about, before }, { job }) => {
    if (about === 'job' && verb === 'GET') return { latestCreatedExecution: { name: 'another' } };
    if (verb === ':run') return { name: 'operations/p', metadata: { name: `${job}/executions/b5x2k` } };
    return about === 'execution' && before % 2 === 1 ? { labels: { [runLabel]: 'of-another' } } : undefined;
  });
  expect([location, runs]).toEqual([`${platform.job}/executions/b5x2k`, 1]);
});

test.each([
  [429, 'RESOURCE_EXHAUSTED'],
  [500, 'INTERNAL'],
  [503, 'UNAVAILABLE'],
] as const)(
  'F10: after %i the request may have been accepted: what it began is found, not begun again',
  async (...refusal) => {
    const { location, runs, platform } = await awaited(({ verb, about }, stub) => {
      if (verb === ':run') return refusal;
      if (stub.asked(':run job') === 0) return undefined;
      if (about === 'job') return { latestCreatedExecution: { name: 'late1' } };
      return about === 'execution' ? { labels: labelsOf(stub) } : undefined;
    });
    // The execution of our own name is never there in this test: its label is what is found.
    expect(location).toBe(platform.execution.replace(/[^/]+$/, short(location as string)));
    expect(runs).toBe(1);
  },
);

test('F10: a request that began nothing is repeated once the executions were looked through again', async () => {
  let looks = 0;
  const { runs, platform } = await awaited(({ verb, about, before }, { job }) => {
    if (about === 'job' && verb === 'GET') looks += 1;
    if (verb !== ':run') return undefined;
    if (before > 0) return { metadata: { name: `${job}/executions/x` } };
    looks = 0;
    return [503, 'UNAVAILABLE'];
  });
  expect([runs, platform.asked('GET executions')]).toEqual([2, 2]);
  // The wait for what may be visible late begins again.
  expect(looks).toBeGreaterThan(1);
});

test('U7: a job of the same name that is still being deleted is waited for', async () => {
  let stub: RunStub | undefined;
  stub = await runStub(({ verb, about, before }) => {
    const platform = stub as RunStub;
    if (verb === 'POST') return before < 2 ? [409, 'ALREADY_EXISTS'] : done;
    if (about === 'job') return before === 0 ? { name: platform.job, deleteTime: '2026-01-02T03:04:05Z' } : missing;
    return {};
  });
  await using platform = stub;
  expect(await startJob(platform.context, platform.input)).toEqual({ ok: true, value: platform.execution });
  expect(platform.asked('POST job')).toBe(3);
});

test('a stable job that was edited after our request, so that Google refuses the repeated token, is followed', async () => {
  const refused = (stub: RunStub): StubAnswer => {
    const { job, token } = stub.input.names;
    return [409, 'ALREADY_EXISTS', `Resource '${job}-${token}' already exists.`];
  };
  let stub: RunStub | undefined;
  stub = await runStub(({ verb, about, before }) => {
    const platform = stub as RunStub;
    if (verb === 'PATCH') return refused(platform);
    if (about === 'job') return { name: platform.job, latestCreatedExecution: { name: short(platform.execution) } };
    return before < 3 ? missing : {};
  });
  await using platform = stub;
  const input = { ...platform.input, options: { ...platform.input.options, job: 'stable' } } as const;
  expect(await startJob(platform.context, input)).toEqual({ ok: true, value: platform.execution });
  expect(platform.asked(':run job')).toBe(0);
});

test('a refusal that says nothing was begun is reported at once, and the job is removed', async () => {
  const { location, runs, platform } = await awaited(({ verb }) =>
    verb === ':run' ? [400, 'INVALID_ARGUMENT'] : undefined,
  );
  expect([location, runs, platform.asked('DELETE job')]).toEqual([['job-not-started'], 1, 1]);
});

test('N3: a job that cannot be removed after a failed start is reported (`cleanup-incomplete`)', async () => {
  const { location } = await awaited(({ verb }) => {
    if (verb === ':run') return [400, 'INVALID_ARGUMENT'];
    return verb === 'DELETE' ? [403, 'PERMISSION_DENIED'] : undefined;
  });
  expect(location).toEqual(['job-not-started', 'cleanup-incomplete']);
});

test.each<[string, Operation, Parameters<typeof awaited>[0]]>([
  ['the operation continues', { name: 'operations/o' }, () => undefined],
  ['an execution was requested and got no name', done, ({ verb }) => (verb === ':run' ? {} : undefined)],
  [
    'the executions cannot be listed',
    done,
    ({ about }) => (about === 'executions' ? [403, 'PERMISSION_DENIED'] : undefined),
  ],
  ['a request may have been accepted', done, ({ verb }) => (verb === ':run' ? [503, 'UNAVAILABLE'] : undefined)],
])('N1: when the wait is over and %s, the run may still begin (`job-start-unknown`)', async (_, operation, answers) => {
  const { location, platform } = await awaited(answers, { startMs: 60, tokenMs: 5 }, { operation });
  expect([location, platform.asked('DELETE job')]).toEqual([['job-start-unknown'], 0]);
});

const refusedRun: readonly [number, string] = [400, 'INVALID_ARGUMENT'];
test.each<[string, string, (call: StubCall, stub: RunStub, refused: boolean) => StubAnswer | undefined]>([
  [
    'cannot be read',
    'job-start-unknown',
    ({ about }, _, refused) => (refused && about === 'job' ? [403, ''] : undefined),
  ],
  [
    'has an execution that cannot be read',
    'job-start-unknown',
    ({ about }, _, refused) => (refused && about === 'job' ? { latestCreatedExecution: { name: 'x' } } : undefined),
  ],
  [
    'has an execution of ours',
    'job-start-unknown',
    ({ about }, stub, refused) => {
      if (!refused) return undefined;
      return about === 'job'
        ? { latestCreatedExecution: { name: 'x' } }
        : about === 'execution'
          ? { labels: labelsOf(stub) }
          : undefined;
    },
  ],
  [
    'is at work for another run',
    'job-not-started',
    ({ about }, _, refused) => {
      if (!refused) return undefined;
      return about === 'job'
        ? { latestCreatedExecution: { name: 'x' } }
        : about === 'execution'
          ? { labels: { [runLabel]: 'of-another' } }
          : undefined;
    },
  ],
])('N1: a stable job that refuses to run and %s is told as %s', async (_, code, answers) => {
  const { location, platform } = await awaited(
    (call, stub) => (call.verb === ':run' ? refusedRun : answers(call, stub, stub.asked(':run job') > 0)),
    {},
    { job: 'stable' },
  );
  expect([location, platform.asked('DELETE job')]).toEqual([[code], 0]);
});
