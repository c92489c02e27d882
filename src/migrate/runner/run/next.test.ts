import { expect, test } from 'vitest';
import { fault } from '../../../kit/fault.ts';
import type { Finding } from '../../../kit/finding.ts';
import { verdictOf, succeeded } from '../../contract/verdict.ts';
import type { PreparedStep } from '../apply/prepared.ts';
import {
  atFirst,
  mostLosses,
  mostLossesAtOne,
  mostStarts,
  next,
  type Action,
  type NextStep,
  type RunState,
  type StageEnd,
} from './next.ts';

type Again = Extract<StageEnd, { readonly kind: 'again' }>;
type Case = [title: string, end: StageEnd, expected: Action, given?: Partial<RunState>];

// Only its id decides anything.
const at = (id: string): PreparedStep => ({ step: { id } }) as PreparedStep;
const lockTimeout = fault('lock-timeout');
const lost = fault('connection-lost');
const again = (cause: Again['cause'], id = '7', finding = lockTimeout): Again => ({
  kind: 'again',
  cause,
  finding,
  at: at(id),
});
const refusal = fault('database-refused');
const failed: StageEnd = { kind: 'failed', finding: refusal, at: at('7'), stands: true, fromOutside: false };

const apply: Action = { do: 'apply' };
const look: Action = { do: 'look', reconnect: false };
const reconnect: Action = { do: 'look', reconnect: true };
const start = (attempt: number): Action => ({ do: 'start', attempt });
const leave = (...findings: readonly Finding[]): Action => ({ do: 'leave', verdict: verdictOf(...findings) });
const stop = (...findings: readonly Finding[]): Action => ({
  do: 'conclude',
  end: { kind: 'stopped', verdict: verdictOf(...findings) },
});
const interrupted: Action = { do: 'conclude', end: { kind: 'interrupted' } };
const fail = (finding = lockTimeout, id = '7'): Action => ({
  do: 'conclude',
  end: { kind: 'failed', finding, at: at(id), stands: false, fromOutside: false },
});

const decide = (end: StageEnd, given: Partial<RunState> = {}, stopping = false): NextStep =>
  next({ ...atFirst.state, ...given }, end, stopping);

const lostAll = (count: number, id = '7'): readonly string[] => Array.from({ length: count }, () => id);

test.each<Case>([
  ['what is planned and begun is applied', { kind: 'ready' }, apply],
  [
    'a run with nothing to apply is left',
    { kind: 'over', verdict: succeeded() },
    { do: 'leave', verdict: succeeded() },
  ],
  ['a refused plan is the answer', { kind: 'refused', findings: [refusal] }, leave(refusal)],
  ['a lock that planning did not get is a matter of time', { kind: 'refused', findings: [lockTimeout] }, start(2)],
  ['so is a connection that is lost before anything is applied', { kind: 'refused', findings: [lost] }, start(2)],
  ['and one that could not be opened', { kind: 'not-opened', findings: [lost] }, start(2)],
  [
    'a database that is held by another run is the answer',
    { kind: 'not-opened', findings: [fault('busy')] },
    leave(fault('busy')),
  ],
  [
    `after ${mostStarts} starts what was not reached is unreachable: nothing was asked to change`,
    { kind: 'not-opened', findings: [lost] },
    leave(fault('database-unreachable', { why: lost.why })),
    { starts: mostStarts },
  ],
  [
    `after ${mostStarts} starts a lost connection stays one`,
    { kind: 'refused', findings: [lost] },
    leave(lost),
    { starts: mostStarts },
  ],
  ['a run that was overtaken before it began starts again', { kind: 'overtaken' }, start(2)],
  [
    `and gives up after ${mostStarts} starts`,
    { kind: 'overtaken' },
    leave(fault('taken-over')),
    { starts: mostStarts },
  ],
  ['first writes without a good answer are looked into', { kind: 'not-begun' }, { do: 'resolve-begin' }],
  ['all applied: concluded', { kind: 'done' }, { do: 'conclude', end: { kind: 'done' } }],
  ['failed: concluded', failed, { do: 'conclude', end: failed }],
  ['interrupted: concluded', { kind: 'interrupted' }, interrupted],
  [
    'a file that is gone: concluded',
    { kind: 'stopped', verdict: verdictOf(fault('migration-changed')) },
    stop(fault('migration-changed')),
  ],
  ['a history that has moved is planned for again', again('moved'), start(2)],
  [`and after ${mostStarts} starts it is the answer`, again('moved'), stop(lockTimeout), { starts: mostStarts }],
  ...(['timeout', 'deadlock', 'crowd', 'conflict'] as const).map((cause): Case => {
    const end = { ...again(cause), cause };
    return [`others are given way after a ${cause}`, end, { do: 'give-way', end }];
  }),
  ['after the pause the history is read', { kind: 'gave-way', finding: undefined }, look, { last: again('timeout') }],
  [
    'the last pause was one too many',
    { kind: 'gave-way', finding: refusal },
    fail(refusal),
    { last: again('timeout') },
  ],
  ['a lost connection is made again', again('lost'), reconnect],
  [
    `the one before the last of ${mostLosses} is made again, too`,
    again('lost'),
    reconnect,
    { lostAt: lostAll(mostLosses - 2) },
  ],
  [`after ${mostLosses} it is given up`, again('lost', '7', lost), fail(lost), { lostAt: lostAll(mostLosses - 1) }],
  ['what the history says is left is applied', { kind: 'known', left: ['7', '8'] }, apply, { last: again('timeout') }],
  ['nothing left: done', { kind: 'known', left: [] }, { do: 'conclude', end: { kind: 'done' } }],
  ['left behind the first writes: applied', { kind: 'known', left: ['7'] }, apply],
  [
    `a migration that has lost ${mostLossesAtOne - 1} connections is sent once more`,
    { kind: 'known', left: ['7'] },
    apply,
    { last: again('lost'), lostAt: ['7', '3', '7'] },
  ],
  [
    `one that has lost ${mostLossesAtOne} is not`,
    { kind: 'known', left: ['7'] },
    fail(lost),
    { last: again('lost', '7', lost), lostAt: lostAll(mostLossesAtOne) },
  ],
  [
    'unless it is through by now',
    { kind: 'known', left: ['8'] },
    apply,
    { last: again('lost'), lostAt: lostAll(mostLossesAtOne) },
  ],
  [
    'an outcome that nobody knows is the answer',
    { kind: 'unknown', findings: [fault('outcome-unknown')] },
    stop(fault('outcome-unknown')),
  ],
  [
    'a connection that is lost during the pause is made again',
    { kind: 'unknown', findings: [lost] },
    reconnect,
    { last: again('timeout'), lostAt: lostAll(mostLosses - 2) },
  ],
  [
    'and is the answer when it was the last one',
    { kind: 'unknown', findings: [lost] },
    stop(lost),
    { last: again('timeout'), lostAt: lostAll(mostLosses - 1) },
  ],
])('%s', (_, end, expected, given) => {
  expect(decide(end, given).action).toEqual(expected);
});

test.each<Case>([
  ['nothing is started again', { kind: 'refused', findings: [lost] }, leave(lost)],
  ['nor after being overtaken', { kind: 'overtaken' }, leave(fault('taken-over'))],
  ['nor for a history that moved', again('moved'), interrupted],
  ['nobody is given way', again('timeout'), interrupted],
  ['after a pause nothing is looked at', { kind: 'gave-way', finding: undefined }, interrupted],
  ['the last pause is no failure', { kind: 'gave-way', finding: refusal }, interrupted, { last: again('timeout') }],
  ['what a lost connection has done is found out all the same', again('lost'), reconnect],
  ['the last loss is no failure', again('lost'), interrupted, { lostAt: lostAll(mostLosses - 1) }],
  [
    'nor is a migration that loses each connection',
    { kind: 'known', left: ['7'] },
    interrupted,
    { last: again('lost'), lostAt: lostAll(mostLossesAtOne) },
  ],
  ['what is left is handed on, and stops by itself', { kind: 'known', left: ['7'] }, apply],
  ['what is done is done', { kind: 'done' }, { do: 'conclude', end: { kind: 'done' } }],
  ['what has failed has failed', failed, { do: 'conclude', end: failed }],
])('once it is asked to stop: %s', (_, end, expected, given) => {
  expect(decide(end, given, true).action).toEqual(expected);
});

test('losses are counted from one start to the next, and starts for good', () => {
  const first = decide(again('lost', '3')).state;
  const second = next(first, again('lost', '4'), false).state;
  expect(second).toMatchObject({ starts: 1, lostAt: ['3', '4'], last: { at: { step: { id: '4' } } } });
  expect(next(second, again('moved'), false).state).toEqual({ starts: 2, lostAt: [], last: undefined });
});

test('whatever happens, a run comes to an end', () => {
  // Each answer that can be repeated, as long as it is asked for: the worst of networks.
  const worst: Readonly<Record<string, StageEnd>> = {
    start: { kind: 'ready' },
    apply: again('lost'),
    look: { kind: 'known', left: ['7'] },
  };
  const moving: Readonly<Record<string, StageEnd>> = { start: { kind: 'ready' }, apply: again('moved') };
  const stepsTo = (answers: Readonly<Record<string, StageEnd>>): readonly string[] => {
    const taken: string[] = [];
    let { state, action } = atFirst;
    while (taken.length < 1_000) {
      taken.push(action.do);
      const answer = answers[action.do];
      if (answer === undefined) break;
      ({ state, action } = next(state, answer, false));
    }
    return taken;
  };
  expect(stepsTo(worst)).toEqual(['start', 'apply', 'look', 'apply', 'look', 'apply', 'look', 'conclude']);
  expect(stepsTo(moving)).toHaveLength(2 * mostStarts + 1);
});
