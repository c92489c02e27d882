import { expect, test } from 'vitest';
import { fault } from '../../kit/fault.ts';
import {
  checkpointText,
  lacksCheckpointOnly,
  recordedCheckpoint,
  wantsCheckpoint,
  type Checkpoint,
} from './checkpoint.ts';
import type { Plan, PlanStep } from './model.ts';

const step = (destroys: readonly string[]): PlanStep => ({
  id: '1',
  name: 'a',
  file: 'migrations/1_a.sql',
  direction: 'up',
  checksum: 'c',
  mode: 'transaction',
  statements: 1,
  does: [],
  destroys: destroys.map((what) => ({ what, where: { file: 'migrations/1_a.sql', line: 1, column: 1 } })),
});
const planOf = (...steps: readonly PlanStep[]): Plan => ({ hash: 'h', environment: '', head: '', steps });

test.each([
  ['never', [step(['drops table a'])], false],
  ['destructive', [step([]), step(['drops table a'])], true],
  ['destructive', [step([])], false],
  ['always', [step([])], true],
  ['always', [], false],
] as const)('the policy %s', (policy, steps, wanted) => {
  expect(wantsCheckpoint(planOf(...steps), policy)).toBe(wanted);
});

test('the record holds means, id, moment and the restore command', () => {
  const checkpoint: Checkpoint = {
    kind: 'taken',
    means: 'dump',
    id: '01J',
    restore: 'pg_restore x',
    undoes: 'every write since',
    takenAt: '2026-01-02T03:04:05.000Z',
    kept: 'until there are 3 newer ones',
    sha256: 'abc',
  };
  expect(checkpointText(checkpoint)).toMatchInlineSnapshot(
    `"dump 01J (sha256 abc), as of 2026-01-02T03:04:05.000Z, kept until there are 3 newer ones. Restore: pg_restore x (undoes every write since; try the down file first)"`,
  );
  expect(recordedCheckpoint(checkpointText(checkpoint))).toEqual({
    text: 'dump 01J (sha256 abc), as of 2026-01-02T03:04:05.000Z, kept until there are 3 newer ones. A restore undoes every write since; try the down file first.',
    restore: 'pg_restore x',
  });
  expect(recordedCheckpoint('waived by ann: noon')).toEqual({ text: 'waived by ann: noon' });
  expect(checkpointText({ kind: 'waived', by: 'ann', reason: 'noon' })).toBe('waived by ann: noon');
  expect(checkpointText(undefined)).toBe('');
});

test('a checkpoint is taken only where nothing else stands in the way', () => {
  const [needs, approval] = [fault('needs-checkpoint'), fault('needs-approval')];
  expect(lacksCheckpointOnly([needs, fault('pooled-connection')])).toBe(true);
  expect(lacksCheckpointOnly([needs, approval])).toBe(false);
  expect(lacksCheckpointOnly([])).toBe(false);
});
