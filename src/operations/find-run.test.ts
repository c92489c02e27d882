import { expect, test } from 'vitest';
import type { Engine, Ledger, LedgerEntry } from '../migrate/contract/engine.ts';
import type { Project } from '../project/open.ts';
import { findRun } from './find-run.ts';
import type { Ui } from './ui.ts';

const entry = (run: string, more: Partial<LedgerEntry> = {}): LedgerEntry => ({
  run,
  command: 'up',
  environment: 'prod',
  target: '',
  engine: 'cloud-run',
  bundle: '',
  by: 'ann@here',
  from: 'here',
  commit: '',
  tool: '',
  startedAt: '',
  recorded: false,
  ...more,
});
const ended = { finishedAt: '2026-01-02T03:04:05Z', exitCode: 10, outcome: 'refused' };

test('`last` is the newest run of this machine in the environment, however it ended', async () => {
  const own = [
    entry('01F', { ...ended, kind: 'inspect' }),
    entry('01E', { ...ended, kind: 'exec', outcome: 'nothing-to-do' }),
    entry('01D', { environment: 'dev' }),
    entry('01C', ended),
    entry('01A'),
  ];
  const ledger: Ledger = {
    write: () => Promise.reject(new Error('nothing is written')),
    list: (environment) =>
      Promise.resolve(environment === undefined ? own : [entry('01X', { by: 'bob@there' }), ...own]),
  };
  const remote = { place: '', engine: () => Promise.resolve({} as Engine) };
  const project = { ledger, remote, environment: { name: 'prod' } } as unknown as Project;
  const ui = { onNote: () => {} } as unknown as Ui;
  const found = await findRun(ui, project, 'Last');
  expect([found.run, found.entry?.outcome, found.several]).toEqual(['01C', 'refused', undefined]);
  expect((await findRun(ui, project, '01')).several?.why).toBe('6 runs begin with "01".');
});
