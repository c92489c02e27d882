import { expect, test } from 'vitest';
import { fault } from '../../kit/fault.ts';
import { err, ok } from '../../kit/outcome.ts';
import type { Engine, ExecutionResult } from '../contract/engine.ts';
import type { Bundle } from '../contract/ports.ts';
import type { Task } from '../contract/task.ts';
import { executeTask } from './execute-task.ts';

const complete: ExecutionResult = { exitCode: 0, complete: true };
const incomplete: ExecutionResult = { exitCode: 0, complete: false };

/** A platform of which only the end of an execution and the removal of what it leaves matter. */
function engineOf(results: readonly ExecutionResult[], more: Partial<Engine> = {}): Engine {
  let executed = -1;
  return {
    name: 'far-away',
    prepare: (task, bundle) => Promise.resolve(ok({ task, bundle, location: 'there' })),
    locate: () => 'there',
    start: ({ task }) => Promise.resolve(ok({ run: task.run, engine: 'far-away', location: `job-${(executed += 1)}` })),
    async *watch({ run }) {
      if (results[executed]?.complete === true)
        yield { kind: 'run.finished', run, outcome: 'done', exitCode: 0, events: 1, ms: 1 };
    },
    result: () => Promise.resolve(results[executed] ?? complete),
    cancel: () => Promise.resolve(ok(true)),
    attach: () => Promise.resolve(err(fault('unknown-run'))),
    cleanup: ({ location }) =>
      Promise.resolve(executed === 0 ? err(fault('cleanup-incomplete', { why: location })) : ok(undefined)),
    sweep: () => Promise.resolve([]),
    ...more,
  };
}

const task = (run: string): Task =>
  ({ kind: 'plan', run, environment: { name: 'dev', protected: false }, actor: {} }) as unknown as Task;
const options = {
  task: task('A'),
  bundle: { hash: '' } as Bundle,
  target: '',
  command: 'plan',
  now: () => '',
  onEvent: () => {},
};

test('N3: a job that the first of two executions has left is not passed over in silence', async () => {
  const engine = engineOf([incomplete, complete]);
  const execution = await executeTask({ ...options, engine, again: () => task('B') });
  expect(execution).toMatchObject({ exitCode: 0, run: 'B' });
  expect(execution.warnings?.map(({ code, why }) => [code, why])).toEqual([['cleanup-incomplete', 'job-0']]);
});

test('N3: nor is the job of an execution that failed to start', async () => {
  const engine = engineOf([], {
    start: () => Promise.resolve(err(fault('job-not-started'))),
    cleanup: ({ location }) => Promise.resolve(err(fault('cleanup-incomplete', { why: location }))),
  });
  const { findings, exitCode } = await executeTask({ ...options, engine });
  expect([exitCode, findings.map(({ code }) => code)]).toEqual([30, ['job-not-started', 'cleanup-incomplete']]);
});

test.each([
  ['is forbidden for good', true, [42, 'A']],
  ['fails for a while', false, [0, 'B']],
])('F1: when reading the log %s, whether to execute again is known (`lines-missing`)', async (_, logForbidden, end) => {
  const findings = [fault('log-unreadable')];
  const engine = engineOf([{ ...incomplete, findings, logForbidden }, complete]);
  const { exitCode, run } = await executeTask({ ...options, engine, again: () => task('B') });
  expect([exitCode, run]).toEqual(end);
});
