import { expect, test } from 'vitest';
import { fault } from '../../../kit/fault.ts';
import { createLineEncoder } from '../../../migrate/contract/event-lines.ts';
import type { RunEvent } from '../../../migrate/contract/event.ts';
import { nodeHashing } from '../../files/hashing.ts';
import { createAttemptLines } from './attempt-lines.ts';
import type { LogEntry } from './log-reader.ts';

const run = 'R1';
const started: RunEvent = { kind: 'run.started', run, task: 'apply', tool: '1', at: '' };
const notice = (text: string): RunEvent => ({ kind: 'notice', severity: 'NOTICE', text });
const finished = (exitCode: number): RunEvent => ({
  kind: 'run.finished',
  run,
  outcome: exitCode === 0 ? 'done' : 'unknown',
  exitCode,
  events: 3,
  ms: 1,
});
const repeated: RunEvent = { kind: 'finding', finding: fault('job-repeated') };
const work = [started, notice('a'), notice('b'), finished(0)];
const refusal = [started, repeated, finished(42)];

function entriesOf(events: readonly RunEvent[], attempt: string, instanceId: string): readonly LogEntry[] {
  const encoder = createLineEncoder(run, nodeHashing);
  return events
    .flatMap((event) => encoder.encode(event))
    .map((line) => ({
      jsonPayload: JSON.parse(line) as Record<string, unknown>,
      labels: { 'run.googleapis.com/task_attempt': attempt, instanceId },
    }));
}

function received(entries: readonly LogEntry[]): { told: readonly string[]; complete: boolean; exitCode: unknown } {
  const lines = createAttemptLines(run, nodeHashing);
  const told = entries.flatMap((entry) => lines.push(entry)).map(textOf);
  return { told, complete: lines.complete, exitCode: lines.finished?.exitCode };
}

function textOf(event: RunEvent): string {
  if (event.kind === 'finding') return `${event.finding.severity} ${event.finding.code}`;
  return event.kind === 'notice' ? event.text : event.kind;
}

const warning = 'warning job-repeated';
const all = { complete: true, exitCode: 0 };
const first = entriesOf(work, '0', 'x');
const retry = entriesOf(refusal, '1', 'y');
const twin = entriesOf(refusal, '0', 'y');

test.each([
  ['comes later', [...first.slice(0, 2), ...retry, ...first.slice(2)], ['run.started', 'a', warning, 'b']],
  ['comes first', [...retry, ...first], [warning, 'run.started', 'a', 'b']],
  ['comes after the end', [...first, ...retry], ['run.started', 'a', 'b', 'run.finished', warning]],
  ['of the same number comes first', [...twin, ...first], ['run.started', warning, 'a', 'b']],
  ['of the same number comes in between', [first[0]!, ...twin, ...first.slice(1)], ['run.started', warning, 'a', 'b']],
] as const)('N7: a second start that refuses and %s does not end the run (`job-repeated`)', (_, entries, told) => {
  const result = received(entries);
  expect(result).toMatchObject(all);
  expect(result.told.slice(0, told.length)).toEqual(told);
  expect(result.told.filter((text) => text === 'run.finished')).toHaveLength(1);
});

test('N7: a run whose starts have all refused has no end of its own', () => {
  const lines = createAttemptLines(run, nodeHashing);
  expect(retry.flatMap((entry) => lines.push(entry)).map(textOf)).toEqual([warning]);
  expect([lines.refused, lines.complete, lines.finished]).toEqual([true, false, undefined]);
});

test('N4: lines are missing from the working start alone', () => {
  const lines = createAttemptLines(run, nodeHashing);
  const entries = [...retry, first[0]!, ...first.slice(2)];
  for (const entry of entries) lines.push(entry);
  expect(lines.missing).toEqual({ from: 2, to: 2 });
  expect(lines.skip().map(textOf)).toEqual(['b', 'run.finished']);
  expect([lines.complete, lines.finished?.exitCode]).toEqual([false, 0]);
});

test('N4: what a second start that refuses has lost is not missing from the working one', () => {
  const lines = createAttemptLines(run, nodeHashing);
  for (const entry of [...first.slice(0, 2), ...retry.slice(1)]) lines.push(entry);
  expect([lines.missing, lines.skip()]).toEqual([undefined, []]);
  for (const entry of first.slice(2)) lines.push(entry);
  expect(lines.complete).toBe(true);
});
