import { expect, test } from 'vitest';
import { readLedgerEntry } from './read-ledger-entry.ts';
import { readTask } from './read-task.ts';
import type { Task } from './task.ts';

const common = {
  run: '01J9',
  environment: {
    name: 'dev',
    protected: false,
    ahead: 'warn',
    pinned: { id: 'a', systemId: 'b', databaseOid: 'c' },
    others: [{ name: 'prod', pinned: { id: 'a', systemId: 'b' } }],
    copiedFrom: { name: 'prod' },
  },
  actor: { by: 'ann@host', from: 'host', commit: '', tool: '0.1.0' },
} as const;
const earlier = [
  { run: 'r', command: 'up', startedAt: 't', by: 'b', outcome: 'o', failure: '', exitCode: 30, finishedAt: 't' },
];
const verification = { enabled: true, strict: false, triggers: 'fire', ignore: ['public.*'] } as const;
const changing = { ...common, earlier, tells: true, waitMs: 1 };
const taken = { kind: 'taken', means: 'dump', id: 'i', restore: 'r', undoes: 'u', takenAt: 't', kept: 'k' } as const;
const selection = { direction: 'up', to: '2', only: ['1'], outOfOrder: false } as const;

/** One of each kind, with every field that it can have. */
const tasks: readonly Task[] = [
  { kind: 'probe', ...common },
  { kind: 'inspect', ...common, anyDatabase: true, what: 'run', subject: '0', before: 't', limit: 3 },
  { kind: 'cancel', ...common, subject: '0' },
  { kind: 'plan', ...common, selection: { ...selection, resumeUp: true }, adopts: 'adopt' },
  {
    kind: 'apply',
    ...changing,
    command: 'up',
    selection,
    how: 'execute',
    describesEach: true,
    consent: {
      planHash: 'h',
      approved: true,
      destroyRows: true,
      checkpointPolicy: 'always',
      checkpoint: { ...taken, bytes: 1, sha256: 's' },
    },
    lose: 0,
    verification,
    takeOver: true,
    onDisconnect: 'finish',
    locks: { budgetMs: 1, concurrentMs: 2, waiters: 3, firstMs: 4 },
  },
  { kind: 'verify', ...common, verification, only: ['1'] },
  { kind: 'accept', ...changing, command: 'accept', objects: ['public.t'], reason: 'r', approved: true },
  {
    kind: 'identify',
    ...changing,
    command: 'adopt',
    reason: 'r',
    approved: true,
    moved: true,
    shown: { environment: 'dev', id: 'i', systemId: 's', databaseOid: '1' },
  },
  { kind: 'prune', ...changing, command: 'prune', before: 't', approved: true },
  {
    kind: 'exec',
    ...changing,
    command: 'exec',
    words: ['npm', 'test'],
    alone: true,
    takeOver: false,
    timeoutMs: 1,
    graceMs: 2,
    approved: true,
    hook: { name: 'smoke', follows: 'r', unlessPassed: true },
  },
];

const entry = {
  run: '01J9',
  command: 'up',
  environment: 'dev',
  target: 'a@h:1/d',
  engine: 'local',
  bundle: 'b',
  by: 'ann@host',
  from: 'host',
  commit: '',
  tool: '0.1.0',
  startedAt: 't',
  exitCode: 0,
  outcome: 'done',
  recorded: true,
};

/** The value with null in each of its places in turn: null is no value of any field. */
function damages(value: unknown): readonly unknown[] {
  if (typeof value !== 'object' || value === null) return [null];
  const isList = Array.isArray(value);
  return Object.entries(value).flatMap(([key, member]) =>
    [null, ...damages(member)].map((damaged) =>
      isList ? value.with(Number(key), damaged) : { ...value, [key]: damaged },
    ),
  );
}

test.each(tasks)('a task of kind $kind arrives as it was sent, and not with any field damaged', (task) => {
  const sent: unknown = JSON.parse(JSON.stringify(task));
  expect(readTask(sent)).toEqual(task);
  const accepted = damages(sent).filter((damaged) => readTask(damaged) !== undefined);
  expect(accepted).toEqual([]);
});

test.each(tasks)('a task of kind $kind lacks none of what it needs', (task) => {
  const needless = ['anyDatabase', 'adopts', 'describesEach', 'takeOver', 'locks', 'only', 'moved', 'shown', 'tells'];
  const more = ['subject', 'before', 'limit', 'timeoutMs', 'hook'];
  const optional = new Set(task.kind === 'inspect' || task.kind === 'exec' ? [...needless, ...more] : needless);
  const lacking = Object.keys(task).filter((key) => {
    const { [key]: _, ...rest } = task as unknown as Readonly<Record<string, unknown>>;
    return readTask(rest) !== undefined;
  });
  expect(lacking.filter((key) => !optional.has(key))).toEqual([]);
});

test.each([undefined, null, 'apply', [], {}, { kind: 'toString' }, { kind: 'apply' }])('no task: %o', (value) => {
  expect(readTask(value)).toBeUndefined();
});

test('an entry of the ledger is read as it was written, and not with any field damaged', () => {
  expect(readLedgerEntry(entry)).toBe(entry);
  expect(damages(entry).filter((damaged) => readLedgerEntry(damaged) !== undefined)).toEqual([]);
  expect([null, 'text', [], {}].map(readLedgerEntry)).toEqual([undefined, undefined, undefined, undefined]);
});
