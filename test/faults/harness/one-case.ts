import { setTimeout as sleep } from 'node:timers/promises';
import type { Attempt, Going, StartAttempt } from './attempt.ts';
import { judgeState, type Wrong } from './check.ts';
import { deferred } from './deferred.ts';
import { leftBehind, readState, type DatabaseState } from './database-state.ts';
import { startProxy, type Cut, type Pace, type Passed, type WirePoint, type WireProxy } from './proxy.ts';
import type { Tool } from './tool.ts';
import type { CaseDatabase, Workbench } from './workbench.ts';

/** What a fault acts on when its point is reached. */
interface Scene {
  readonly bench: Workbench;
  readonly database: CaseDatabase;
  readonly going: Going;
  /** Fulfilled when the attempt that was started meanwhile is over; at once when there is none. */
  readonly meanwhile: Promise<void>;
}

/** What happens at a point of the wire. */
export type FaultKind = (cut: Cut, scene: Scene) => Promise<void> | void;

/** A fault at its place. */
export interface PlacedFault {
  readonly point: WirePoint;
  readonly act: FaultKind;
}

/** One attempt and what disturbs it. */
export interface Disturbed {
  readonly start: StartAttempt;
  readonly faults: readonly PlacedFault[];
  /** The next attempt does not wait for this one: it begins when the first fault has struck. */
  readonly overlaps?: boolean;
  readonly pace?: Pace;
}

/** What became of a case. `wrong` is empty when everything is as it should be. */
export interface CaseResult {
  readonly attempts: readonly Attempt['exitCode'][];
  readonly struck: number;
  readonly wrong: readonly Wrong[];
}

/** What cases are held against: the end of a run without faults, and all messages that came by. */
export interface Reference {
  readonly state: DatabaseState;
  readonly passed: readonly Passed[];
}

/** Runs once without faults. */
export async function takeReference(
  bench: Workbench,
  tool: Tool,
  start: StartAttempt = tool.start,
): Promise<Reference> {
  await using database = await bench.database();
  await using proxy = await startProxy(bench.port, { keep: true });
  const attempt = await start(bench, database.url(proxy.port)).ended;
  const state = { ...(await readState(database)), records: await tool.records(database) };
  const wrong = [...tool.judge(attempt, state.records, state.records), ...(await tool.audit(database))];
  if (attempt.exitCode === 0 && wrong.length === 0) return { state, passed: proxy.passed };
  throw new Error(`without faults: ${attempt.exitCode} ${JSON.stringify([wrong, attempt.events.slice(-3)])}`);
}

/**
 * One case: attempts that are disturbed, one after the other, then attempts that nothing disturbs until one ends well (by
 * `recover`; a process of its own when it is left out). Then everything is judged.
 */
export async function runCase(
  bench: Workbench,
  terms: { readonly tool: Tool; readonly reference: Reference; readonly recover?: StartAttempt | undefined },
  disturbed: readonly Disturbed[],
): Promise<CaseResult> {
  const { tool, reference, recover = tool.startProcess } = terms;
  await using database = await bench.database();
  const attempts: Attempt['exitCode'][] = [];
  const wrong: Wrong[] = [];
  const proxies: WireProxy[] = [];
  let sleeper: { readonly over: Promise<void>; wake(): void } | undefined;

  const take = async (going: Going, alone: boolean): Promise<void> => {
    const attempt = await going.ended;
    attempts.push(attempt.exitCode);
    wrong.push(...((await tool.seen?.(database)) ?? []));
    if (attempt.exitCode === 'killed') return;
    wrong.push(...tool.judge(attempt, await tool.records(database), reference.state.records, !alone));
  };
  const settle = async (): Promise<void> => {
    sleeper?.wake();
    await sleeper?.over;
    sleeper = undefined;
  };
  try {
    for (const { start, faults, overlaps = false, pace } of disturbed) {
      const proxy = await startProxy(bench.port);
      proxies.push(proxy);
      if (pace !== undefined) proxy.pace(pace);
      const { promise: meanwhile, fulfil: wake } = deferred();
      let scene: Scene | undefined;
      for (const { point, act } of faults) proxy.arm({ point, strike: (cut) => act(cut, known(scene)) });
      const going = start(bench, database.url(proxy.port));
      scene = { bench, database, going, meanwhile };
      const over = take(going, sleeper === undefined && !overlaps);
      if (overlaps) await Promise.race([proxy.reached, over]);
      else {
        wake();
        await over;
      }
      await settle();
      if (overlaps) sleeper = { over, wake };
    }
    if (sleeper !== undefined) {
      await take(tool.startProcess(bench, database.url()), false);
      await settle();
    }
    for (let tries = 0; tries < tool.recoveries && (tries === 0 || attempts.at(-1) !== 0); tries += 1) {
      if (tries > 0) await afterwards(database);
      await take(recover(bench, database.url()), true);
    }
  } finally {
    await Promise.all(proxies.map(async (proxy) => await proxy.close()));
  }
  if (attempts.at(-1) !== 0) wrong.push({ flaw: 'human', why: `up again ended with ${String(attempts.at(-1))}` });
  const found = { ...(await readState(database)), records: await tool.records(database) };
  wrong.push(...judgeState(found, reference.state), ...(await tool.audit(database)));
  const left = await afterwards(database);
  if (left.length > 0) wrong.push({ flaw: 'left', why: left.join('; ') });
  return { attempts, struck: proxies.reduce((sum, { struck }) => sum + struck, 0), wrong };
}

function known(scene: Scene | undefined): Scene {
  if (scene === undefined) throw new Error('struck before the attempt began');
  return scene;
}

/** Sessions and locks, once those that are about to end had time to. */
async function afterwards(database: CaseDatabase): Promise<readonly string[]> {
  for (let tries = 0; ; tries += 1) {
    const left = await leftBehind(database);
    if (left.length === 0 || tries === 500) return left;
    await sleep(20);
  }
}
