import * as faults from './faults.ts';
import type { Disturbed, FaultKind, PlacedFault } from './one-case.ts';
import type { WirePoint } from './proxy.ts';
import { chanceOf, type Chance } from './random.ts';
import type { Tool } from './tool.ts';

/** A random history: what disturbs which attempt. The same seed gives the same one. */
export interface Sequence {
  readonly seed: number;
  /** In words, to be read. */
  readonly story: readonly string[];
  readonly disturbed: readonly Disturbed[];
  /** It lets the server crash: nothing else may be at work there. */
  readonly crashes: boolean;
}

interface Choice {
  readonly name: string;
  readonly act: FaultKind;
  /** It ends or stops the process of the runner. */
  readonly process?: true;
  readonly overlaps?: true;
}

const choices: readonly (readonly [number, Choice])[] = [
  [6, { name: 'reset', act: faults.reset }],
  [3, { name: 'reset of all connections', act: faults.resetAll }],
  [5, { name: 'terminate', act: faults.terminate }],
  [9, { name: 'kill', act: faults.kill, process: true }],
  [1, { name: 'silence', act: faults.silence(300) }],
  [1, { name: 'freeze', act: faults.freeze, process: true, overlaps: true }],
  [1, { name: 'freeze and terminate', act: faults.freezeAndTerminate, process: true, overlaps: true }],
];
const crash: Choice = { name: 'crash of the server', act: faults.crash };

/** A recovery that has little left to do. */
const shortLength = { frontend: 15, backend: 120 };

/** Each of this many sequences contains a crash. */
const crashEvery = 25;
const mostFaults = 4;

/**
 * The history of a seed: one to four faults, each during the attempt of the one before it or during the next, which is
 * the recovery.
 *
 * @param length about how many messages a run has, in each direction
 */
export function sequenceOf(
  seed: number,
  tool: Tool,
  length: { readonly frontend: number; readonly backend: number },
): Sequence {
  const chance = chanceOf(seed);
  const crashes = seed % crashEvery === 0;
  const many = chance.upTo(mostFaults);
  const story: string[] = [];
  const disturbed: Disturbed[] = [];
  for (let index = 0; index < many; index += 1) {
    const choice = crashes && index === 0 ? crash : chance.pick(choices);
    const point = somewhere(chance, disturbed.length === 0 || chance.next() < 0.5 ? length : shortLength);
    const fault: PlacedFault = { point, act: choice.act };
    const last = disturbed.at(-1);
    const slow = chance.next() < 0.03;
    // A process that is killed or stopped lives through no second fault; the others may.
    const together = last !== undefined && choice.process !== true && last.start === tool.start && chance.next() < 0.6;
    if (together) disturbed[disturbed.length - 1] = { ...last, faults: [...last.faults, fault] };
    else
      disturbed.push({
        start: choice.process === true || chance.next() < 0.1 ? tool.startProcess : tool.start,
        faults: [fault],
        ...(choice.overlaps === true ? { overlaps: true } : {}),
        ...(slow ? { pace: { delayMs: 2 } } : {}),
      });
    story.push(`${together ? 'and ' : ''}${choice.name} ${point.when} ${point.direction} message ${point.n}`);
  }
  return { seed, story, disturbed, crashes };
}

/** Anywhere in a run of this length; small numbers come more often. */
function somewhere(chance: Chance, length: { readonly frontend: number; readonly backend: number }): WirePoint {
  const direction = chance.pick([
    [3, 'frontend'],
    [1, 'backend'],
  ] as const);
  const n = Math.ceil(length[direction] * (chance.next() < 0.6 ? chance.next() : chance.next() ** 2));
  const when = chance.next() < 0.5 ? 'before' : 'after';
  return { connection: 'any', direction, n: Math.max(n, 1), when };
}
