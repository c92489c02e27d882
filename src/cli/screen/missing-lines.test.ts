import { expect, test } from 'vitest';
import { fault } from '../../kit/fault.ts';
import { createRedactor } from '../../kit/redact.ts';
import type { RunEvent } from '../../migrate/contract/event.ts';
import { closedAttempt } from '../../migrate/controller/attempt.ts';
import { rowOf } from '../../operations/attempts.ts';
import { createEventRenderer } from './event-renderer.ts';
import { whatOf } from './run-about.ts';
import { createScreen } from './screen.ts';

const applied: RunEvent = {
  kind: 'migration.applied',
  id: '1',
  name: 'a',
  direction: 'up',
  how: 'executed',
  ms: 1,
  statements: 1,
};
const missing: RunEvent = { kind: 'finding', finding: fault('log-incomplete') };
const finished: RunEvent = { kind: 'run.finished', run: 'R1', outcome: 'done', exitCode: 0, events: 3, ms: 5 };

function shown(events: readonly RunEvent[]): string {
  let text = '';
  const io = {
    cwd: '/',
    env: {},
    out: (more: string) => (text += more),
    err: (more: string) => (text += more),
    terminal: false,
    interactive: false,
    columns: () => 80,
    ask: () => Promise.resolve(undefined),
    input: () => Promise.resolve(''),
  };
  const redactor = createRedactor();
  const screen = createScreen({ io, json: false, noColor: true, redactor, readLine: () => undefined });
  const render = createEventRenderer(screen);
  for (const event of events) render(event);
  return text;
}

test('N9: where lines are missing, no number of migrations is told', () => {
  expect(shown([applied, finished])).toContain('Done: 1 migration applied.');
  expect(shown([missing, applied, finished])).toContain('Done.');
});

test('N9: nor does the ledger keep a number, unless the history gave one', () => {
  const entry = {
    run: 'R1',
    command: 'up',
    environment: 'dev',
    target: '',
    engine: 'cloud-run',
    bundle: '',
    by: '',
    from: '',
    commit: '',
    tool: '',
    startedAt: '2026-01-02T03:04:05Z',
    recorded: false,
  };
  const execution = { run: 'R1', outcome: 'done', exitCode: 0, findings: [], events: [applied] } as const;
  const closed = (more: object) => closedAttempt(entry, { ...execution, ...more }, '2026-01-02T03:05:05Z');
  expect(closed({})).toMatchObject({ applied: 1 });
  expect(closed({ incomplete: true, applied: 8 })).toMatchObject({ applied: 8 });
  const partial = closed({ incomplete: true });
  expect(partial).not.toHaveProperty('applied');
  expect([rowOf(partial).applied, whatOf(rowOf(partial)), rowOf(entry).applied]).toEqual([null, 'migrations', 0]);
});
