import { expect, test } from 'vitest';
import { until } from '../../../../test/support/child.ts';
import { runStub, type RunStub, type StubAnswer, type StubCall } from '../../../../test/support/run-stub.ts';
import type { ExecutionResult, RunRef } from '../../../migrate/contract/engine.ts';
import { createLineEncoder } from '../../../migrate/contract/event-lines.ts';
import type { RunEvent } from '../../../migrate/contract/event.ts';
import { nodeHashing } from '../../files/hashing.ts';
import { runLabel } from './labels.ts';
import type { RunExecution, RunTask } from './resources.ts';

const missing = [404, 'NOT_FOUND'] as const;
const refused = [403, 'PERMISSION_DENIED'] as const;
const atWork = { startTime: '2026-01-02T03:04:00Z' };
const over = { ...atWork, completionTime: '2026-01-02T03:04:05Z' };
const done: RunExecution = { name: '', ...over, succeededCount: 1 };
const failed = { conditions: [{ type: 'Completed', state: 'CONDITION_FAILED' }], failedCount: 1 };

const refOf = ({ input, execution }: RunStub): RunRef => ({
  run: input.task.run,
  engine: 'cloud-run',
  location: execution,
});

/** A platform whose job is ours, whose log has these events, and that answers all else as told. */
async function platform(
  answers: (call: StubCall, stub: RunStub) => StubAnswer | undefined,
  events: readonly RunEvent[] = [],
  timeouts: Parameters<typeof runStub>[1] = {},
): Promise<RunStub> {
  let stub: RunStub | undefined;
  stub = await runStub((call) => {
    const own = stub as RunStub;
    const { run } = own.input.task;
    const told = answers(call, own);
    if (told !== undefined) return told;
    if (call.about === 'log') {
      const encoder = createLineEncoder(run, nodeHashing);
      const lines = events.flatMap((event) => encoder.encode(event));
      const timestamp = '2026-01-02T03:04:01Z';
      return { entries: lines.map((line) => ({ timestamp, jsonPayload: JSON.parse(line) as object })) };
    }
    if (call.about === 'job') return { name: own.job, labels: { [runLabel]: run.toLowerCase() } };
    return call.about === 'tasks' ? {} : missing;
  }, timeouts);
  return stub;
}

/** Follows the execution to its end. */
async function followed(stub: RunStub): Promise<ExecutionResult> {
  for await (const _ of stub.engine.watch(refOf(stub))) continue;
  return await stub.engine.result(refOf(stub));
}

const codes = ({ findings = [] }: ExecutionResult): readonly string[] => findings.map(({ code }) => code);
const finished = (exitCode: number): RunEvent => {
  return { kind: 'run.finished', run: '', outcome: 'done', exitCode, events: 1, ms: 1 };
};

test('N3: an execution that a read misses now and then was not deleted', async () => {
  await using stub = await platform(({ about, before }) => {
    if (about !== 'execution') return undefined;
    return before < 9 ? (before % 3 === 2 ? missing : atWork) : done;
  });
  expect(await followed(stub)).toMatchObject({ exitCode: 0, ran: true });
});

test('N3: missing once proves nothing, missing for long while the job says that it is at work neither', async () => {
  await using stub = await platform(({ about, before, verb }, { execution }) => {
    const latestCreatedExecution = { name: execution.split('/').pop() };
    if (about === 'job' && verb === 'GET') return { latestCreatedExecution };
    if (about === 'execution') return before > 0 && before < 14 ? missing : before < 1 ? atWork : done;
    return undefined;
  });
  expect(await followed(stub)).toMatchObject({ exitCode: 0, ran: true });
  expect(stub.asked('GET job')).toBeGreaterThan(0);
});

test('N3: missing several times over some time, and its job too, it was deleted (`job-lost`)', async () => {
  await using stub = await platform(({ about, before }) =>
    about === 'execution' ? (before === 0 ? atWork : missing) : about === 'job' ? missing : undefined,
  );
  expect(codes(await followed(stub))).toEqual(['job-lost']);
  expect(stub.asked('GET execution')).toBeGreaterThanOrEqual(4);
});

test('N3: an execution that is found again was not deleted', async () => {
  let seemsGone = false;
  await using stub = await platform(({ about, before, verb }) => {
    if (about === 'job' && verb === 'GET') {
      seemsGone = true;
      return missing;
    }
    if (about !== 'execution') return undefined;
    return before === 0 ? atWork : seemsGone ? done : missing;
  });
  expect(await followed(stub)).toMatchObject({ exitCode: 0, ran: true });
});

test('N3: nor was one that is found again when its lines are no longer waited for', async () => {
  let found = false;
  await using stub = await platform(({ about, before, verb }) => {
    if (about === 'job' && verb === 'GET') return missing;
    if (about !== 'execution') return undefined;
    return before === 0 ? atWork : found ? done : missing;
  });
  for await (const _ of stub.engine.watch(refOf(stub))) continue;
  found = true;
  expect(await stub.engine.result(refOf(stub))).toMatchObject({ exitCode: 0, ran: true });
});

test('N3: a job whose execution cannot be found but is at work, as the job says, is kept (`cleanup-incomplete`)', async () => {
  await using stub = await platform(({ about, verb }, { execution, input }) =>
    about === 'job' && verb === 'GET'
      ? {
          labels: { [runLabel]: input.task.run.toLowerCase() },
          latestCreatedExecution: { name: execution.split('/').pop(), completionStatus: 'EXECUTION_RUNNING' },
        }
      : undefined,
  );
  expect(await stub.engine.cleanup(refOf(stub))).toMatchObject({
    ok: false,
    findings: [{ code: 'cleanup-incomplete' }],
  });
  expect(stub.asked('DELETE job')).toBe(0);
});

test('N8: either sign of the end counts', async () => {
  const ended = { conditions: [{ type: 'Completed', state: 'CONDITION_SUCCEEDED' }], succeededCount: 1 };
  await using stub = await platform(({ about }) => (about === 'execution' ? { ...atWork, ...ended } : undefined));
  expect(await followed(stub)).toMatchObject({ exitCode: 0, ran: true });
});

test('N8: an end that only the runner has reported is waited for, but not for ever; the job is left, and that is said', async () => {
  await using stub = await platform(({ about }) => (about === 'execution' ? atWork : undefined), [finished(0)]);
  expect(await followed(stub)).toMatchObject({ exitCode: 0, ran: true, complete: true, findings: [] });
  const cleaned = await stub.engine.cleanup(refOf(stub));
  expect(cleaned).toMatchObject({ ok: false, findings: [{ code: 'cleanup-incomplete' }] });
});

test('N5: what this controller has asked for is not told as the cause', async () => {
  const task: RunTask = { lastAttemptResult: { status: { code: 2 }, exitCode: 130 } };
  let cancelled = false;
  await using stub = await platform(
    ({ about, verb }) => {
      if (verb === ':cancel') cancelled = true;
      if (about === 'tasks') return { tasks: [task] };
      if (about !== 'execution') return undefined;
      return cancelled ? { ...over, ...failed, cancelledCount: 1 } : atWork;
    },
    [finished(130)],
  );
  const ending = followed(stub);
  await until('it is followed', () => stub.asked('GET execution') > 0);
  expect(await stub.engine.cancel(refOf(stub))).toEqual({ ok: true, value: true });
  expect(await ending).toMatchObject({ exitCode: 130, findings: [] });
});

test.each([
  ['inspect', true, ['run.started', 'a', 'b', 'run.finished']],
  ['apply', false, ['run.started', 'log-incomplete', 'b']],
] as const)('N4: a line that comes late is waited for to the end by %s: %s', async (task, complete, told) => {
  const said = (text: string): RunEvent => ({ kind: 'notice', severity: 'NOTICE', text });
  await using stub = await platform(
    ({ about }, own) => {
      const looks = own.asked('GET execution') + own.asked('POST log');
      if (about === 'execution') return looks < 40 ? atWork : done;
      if (about !== 'log') return undefined;
      const { run } = own.input.task;
      const encoder = createLineEncoder(run, nodeHashing);
      const events = [
        { kind: 'run.started', run, task, tool: '1', at: '' } as const,
        said('a'),
        said('b'),
        finished(0),
      ];
      const lines = events.flatMap((event) => encoder.encode(event));
      const timestamp = '2026-01-02T03:04:01Z';
      const seen = looks < 40 ? [lines[0], lines[2]] : lines;
      return { entries: seen.map((line = '') => ({ timestamp, jsonPayload: JSON.parse(line) as object })) };
    },
    [],
    { gapMs: 20, linesMs: 1_000, reads: { burst: 500, everyMs: 1 } },
  );
  const shown: string[] = [];
  for await (const event of stub.engine.watch(refOf(stub)))
    shown.push(event.kind === 'notice' ? event.text : event.kind === 'finding' ? event.finding.code : event.kind);
  expect(shown).toEqual(told);
  expect(await stub.engine.result(refOf(stub))).toMatchObject({ complete });
});

test('N11: a refusal to cancel is an answer of its own; that nothing runs any more is another', async () => {
  await using forbidden = await platform(({ verb }) => (verb === ':cancel' ? refused : undefined));
  expect(await forbidden.engine.cancel(refOf(forbidden))).toMatchObject({
    ok: false,
    findings: [{ code: 'google-permission-denied' }],
  });
  await using ended = await platform(({ about, verb }) =>
    verb === ':cancel' ? [400, 'FAILED_PRECONDITION'] : about === 'execution' ? over : undefined,
  );
  expect(await ended.engine.cancel(refOf(ended))).toEqual({ ok: true, value: false });
  expect(ended.asked(':cancel execution')).toBe(1);
});

test.each([[404, 'NOT_FOUND'] as const, [400, 'FAILED_PRECONDITION'] as const])(
  'N11: an execution at work whose cancellation is answered with %i is asked again, and a lasting refusal is told',
  async (...refusal) => {
    const answer =
      (times: number) =>
      ({ about, verb, before }: StubCall): StubAnswer | undefined =>
        verb === ':cancel' ? (before < times ? refusal : {}) : about === 'execution' ? atWork : undefined;
    await using late = await platform(answer(2));
    expect(await late.engine.cancel(refOf(late))).toEqual({ ok: true, value: true });
    await using never = await platform(answer(1_000));
    expect(await never.engine.cancel(refOf(never))).toMatchObject({ ok: false });
  },
);

test('N11: an execution that no try finds has nobody to be asked', async () => {
  await using gone = await platform(({ verb }) => (verb === ':cancel' ? missing : undefined));
  expect(await gone.engine.cancel(refOf(gone))).toEqual({ ok: true, value: false });
});

test.each([
  [refused, true],
  [[503, 'UNAVAILABLE'] as const, undefined],
  [[429, 'RESOURCE_EXHAUSTED'] as const, undefined],
])('F1: a log that answers %j is told, and whether it may be read (`log-unreadable`)', async (answer, told) => {
  await using stub = await platform(
    ({ about }) => (about === 'log' ? answer : about === 'execution' ? done : undefined),
    [],
    { reads: { burst: 20, everyMs: 5 } },
  );
  const { logForbidden, ...result } = await followed(stub);
  expect(codes(result)).toEqual(['log-unreadable']);
  expect(logForbidden).toBe(told);
});

test.each([
  ['no task', {}],
  ['no result', { tasks: [{}] }],
])('F11: an end without an exit code, with %s, is no verdict: the history decides', async (_, tasks) => {
  await using stub = await platform(({ about }) =>
    about === 'tasks' ? tasks : about === 'execution' ? { ...over, ...failed } : undefined,
  );
  expect(await followed(stub)).toMatchObject({ exitCode: 42, ran: true, findings: [{ code: 'job-died' }] });
});

test('F11: an attempt with an empty status succeeded, although its execution is marked as failed', async () => {
  const answers = ({ about }: StubCall): StubAnswer | undefined =>
    about === 'tasks'
      ? { tasks: [{ lastAttemptResult: { status: {} } }] }
      : about === 'execution'
        ? { ...over, ...failed }
        : undefined;
  await using silent = await platform(answers);
  // Without its lines the history is asked, and nothing is said of a signal.
  expect(await followed(silent)).toMatchObject({ exitCode: 42, ran: true, findings: [] });
  await using complete = await platform(answers, [finished(0)]);
  expect(await followed(complete)).toMatchObject({ exitCode: 0, ran: true, complete: true, findings: [] });
});

test('a deletion that the platform aborts is repeated', async () => {
  await using stub = await platform(({ about, verb, before }) => {
    if (verb === 'DELETE') return before < 2 ? [409, 'ABORTED'] : { name: 'operations/o', done: true };
    return about === 'execution' ? done : undefined;
  });
  expect(await stub.engine.cleanup(refOf(stub))).toEqual({ ok: true, value: undefined });
  expect(stub.asked('DELETE job')).toBe(3);
});

test('a deletion whose operation is aborted is repeated too', async () => {
  await using stub = await platform(({ about, verb, before }) => {
    const aborted = { name: 'operations/o', done: true, error: { code: 10, message: 'the job is changing' } };
    if (verb === 'DELETE') return before < 1 ? aborted : { name: 'operations/o', done: true };
    return about === 'execution' ? done : undefined;
  });
  expect(await stub.engine.cleanup(refOf(stub))).toEqual({ ok: true, value: undefined });
  expect(stub.asked('DELETE job')).toBe(2);
});
