import { setTimeout as sleep } from 'node:timers/promises';
import { nodeHashing } from '../../../src/adapters/files/hashing.ts';
import { createConnector } from '../../../src/adapters/postgres/connector.ts';
import { readDatabaseUrl } from '../../../src/adapters/url/database-url.ts';
import type { RunEvent } from '../../../src/migrate/event.ts';
import { verifyChains } from '../../../src/migrate/perform/verify-chains.ts';
import { startProcess, type Attempt, type Going, type StartAttempt } from './attempt.ts';
import { judgeAttempt, judgeState } from './check.ts';
import { leftBehind, readRecords, readState, type DatabaseState } from './database-state.ts';
import { startProxy, type ArmedFault, type Cut, type Passed, type WirePoint } from './proxy.ts';
import { must, type CaseDatabase, type Workbench } from './workbench.ts';

/** What a fault acts on when its point is reached. */
export interface Scene {
  readonly bench: Workbench;
  readonly database: CaseDatabase;
  readonly going: Going;
}

/** What happens at a point of the wire. */
export type FaultKind = (cut: Cut, scene: Scene) => Promise<void> | void;

/** A fault at its place. */
export interface PlacedFault {
  readonly point: WirePoint;
  readonly act: FaultKind;
}

/** What became of a case. `wrong` is empty when everything is as it should be. */
export interface CaseResult {
  readonly attempts: readonly Attempt['exitCode'][];
  readonly struck: number;
  readonly wrong: readonly string[];
}

/** A run without faults: what must be there at the end, and all messages that came by. */
export interface Reference {
  readonly state: DatabaseState;
  readonly passed: readonly Passed[];
}

/** Runs once without faults. */
export async function takeReference(bench: Workbench, start: StartAttempt): Promise<Reference> {
  await using database = await bench.database();
  await using proxy = await startProxy(bench.port, { keep: true });
  const attempt = await start(bench, database.url(proxy.port)).ended;
  const state = await readState(database);
  const wrong = [...judgeAttempt(attempt, state.records, state.records), ...(await auditOf(database))];
  if (attempt.exitCode !== 0 || wrong.length > 0)
    throw new Error(`without faults: ${attempt.exitCode} ${wrong.join('; ')} ${JSON.stringify(attempt.events.at(-2))}`);
  return { state, passed: proxy.passed };
}

/**
 * One case: each group of faults disturbs an attempt of its own, the last attempt is a fresh process that nothing
 * disturbs. Then everything is judged.
 */
export async function runCase(
  bench: Workbench,
  reference: Reference,
  disturbed: readonly { readonly start: StartAttempt; readonly faults: readonly PlacedFault[] }[],
): Promise<CaseResult> {
  await using database = await bench.database();
  const attempts: Attempt['exitCode'][] = [];
  const wrong: string[] = [];
  let struck = 0;
  const take = async (name: string, going: Going): Promise<void> => {
    const attempt = await going.ended;
    attempts.push(attempt.exitCode);
    if (attempt.exitCode === 'killed') return;
    const after = await readRecords(database);
    wrong.push(...judgeAttempt(attempt, after, reference.state.records).map((why) => `${name}: ${why}`));
  };
  for (const [index, { start, faults }] of disturbed.entries()) {
    await using proxy = await startProxy(bench.port);
    let scene: Scene | undefined;
    for (const fault of faults) proxy.arm(armed(fault, () => scene));
    const going = start(bench, database.url(proxy.port));
    scene = { bench, database, going };
    await take(`attempt ${index + 1}`, going);
    struck += proxy.struck;
  }
  await take('recovery', startProcess(bench, database.url()));
  if (attempts.at(-1) !== 0) wrong.push(`up again ended with ${String(attempts.at(-1))}`);
  wrong.push(...judgeState(await readState(database), reference.state), ...(await auditOf(database)));
  const left = await afterwards(database);
  if (left.length > 0) wrong.push(`left behind: ${left.join('; ')}`);
  return { attempts, struck, wrong };
}

function armed({ point, act }: PlacedFault, scene: () => Scene | undefined): ArmedFault {
  return {
    point,
    strike: (cut) => {
      const now = scene();
      if (now === undefined) throw new Error('struck before the attempt began');
      return act(cut, now);
    },
  };
}

/** Sessions and locks, once those that are about to end had time to. */
async function afterwards(database: CaseDatabase): Promise<readonly string[]> {
  for (let tries = 0; ; tries += 1) {
    const left = await leftBehind(database);
    if (left.length === 0 || tries === 500) return left;
    await sleep(20);
  }
}

/** The audit chains, as `godwit runs verify-chain` judges them. */
async function auditOf(database: CaseDatabase): Promise<readonly string[]> {
  const { address } = must(readDatabaseUrl(database.url(), 'the case', { user: 'postgres' }));
  const options = { pipelined: false, applicationName: 'checker', settings: {} };
  const session = must(await createConnector(address).open(options));
  const events: RunEvent[] = [];
  try {
    const ports = { hashing: nodeHashing, emit: (event: RunEvent) => void events.push(event) };
    await verifyChains(session, ports as Parameters<typeof verifyChains>[1], '');
  } finally {
    await session.close();
  }
  return events.flatMap((event) =>
    event.kind === 'chain' && !event.ok ? [`audit of ${event.run}: ${event.why}`] : [],
  );
}
