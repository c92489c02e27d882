import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { startEmulator, type Emulator, type EmulatorOptions } from '../../emulator/start.ts';
import type { EngineTimeouts } from '../../src/adapters/engines/cloud-run/context.ts';
import { createCloudRunEngine } from '../../src/adapters/engines/cloud-run/engine.ts';
import { nodeHashing } from '../../src/adapters/files/hashing.ts';
import { createGoogle, type Google, type GoogleOptions } from '../../src/adapters/google/google.ts';
import { readLoggedLines } from '../../src/adapters/ledger/logged-lines.ts';
import { createRedactor } from '../../src/kit/redact.ts';
import type { Engine, ExecutionResult, RunRef } from '../../src/migrate/contract/engine.ts';
import { createLineEncoder } from '../../src/migrate/contract/event-lines.ts';
import type { RunEvent } from '../../src/migrate/contract/event.ts';
import { cloudRunOptions } from '../../src/project/cloud-run-options.ts';
import { createRunId } from '../../src/project/run-id.ts';
import { createProject } from '../support/project.ts';

/** What a runner would say, without a database: the job prints lines that were made before. */
interface Script {
  readonly events: readonly RunEvent[];
  /** Between two lines. */
  readonly pauseMs?: number;
  readonly exitCode?: number;
  /** The last line waits until this file exists. */
  readonly gate?: string;
}

const region = 'projects/acme-dev/locations/us-central1';
const notice = (text: string): RunEvent => ({ kind: 'notice', severity: 'NOTICE', text });
const closed = (run: string, exitCode = 0): RunEvent => ({
  kind: 'run.finished',
  run,
  outcome: exitCode === 0 ? 'done' : 'failed',
  exitCode,
  events: 9,
  ms: 7,
});

/** Starts a job that prints the lines of a run. */
async function startRun(
  cloud: Emulator,
  run: string,
  { events, pauseMs = 0, exitCode = 0, gate }: Script,
): Promise<RunRef> {
  const encoder = createLineEncoder(run, nodeHashing);
  const lines = events.flatMap((event) => encoder.encode(event));
  const program = `const lines = JSON.parse(process.env.LINES);
    const held = () => lines.length === 1 && ${JSON.stringify(gate ?? '')} !== '' && !require('node:fs').existsSync(${JSON.stringify(gate ?? '')});
    const say = () => { if (lines.length === 0) { process.exitCode = ${exitCode}; return; }
      if (!held()) console.log(lines.shift()); setTimeout(say, ${pauseMs}); }; say();`;
  const containers = [
    { image: 'any', command: ['node', '-e', program], env: [{ name: 'LINES', value: JSON.stringify(lines) }] },
  ];
  const job = `dev-godwit-${run.toLowerCase()}`;
  const answer = await fetch(`${cloud.url}/v2/${region}/jobs?jobId=${job}`, {
    method: 'POST',
    body: JSON.stringify({ startExecutionToken: '1', template: { template: { containers, maxRetries: 0 } } }),
  });
  expect(answer.status, await answer.text()).toBe(200);
  return { run, engine: 'cloud-run', location: `${region}/jobs/${job}/executions/${job}-1` };
}

interface Follower {
  readonly engine: Engine;
  /** Filters of all reads of the log. */
  readonly filters: readonly string[];
  readonly google: Google;
}

interface FollowerOptions {
  readonly timeouts?: Partial<EngineTimeouts>;
  readonly google?: Partial<GoogleOptions>;
  readonly resourceNames?: readonly string[];
}

function follower(cloud: Emulator, { timeouts, google: more, resourceNames }: FollowerOptions = {}): Follower {
  const redactor = createRedactor();
  const config = {
    kind: 'cloud-run',
    project: 'acme-dev',
    ...(resourceNames === undefined ? {} : { logs: { resourceNames } }),
  } as const;
  const options = cloudRunOptions({ name: 'dev', config, database: undefined, env: cloud.env() });
  const real = createGoogle({ endpoints: options.endpoints, env: cloud.env(), redactor, ...more });
  const filters: string[] = [];
  const google: Google = {
    ...real,
    call(request) {
      const { filter } = (request.body ?? {}) as { readonly filter?: string };
      if (filter !== undefined) filters.push(filter);
      return real.call(request);
    },
  };
  const engine = createCloudRunEngine({
    options,
    environment: 'dev',
    google,
    hashing: nodeHashing,
    redactor,
    runner: '',
    timeouts: { firstPauseMs: 20, longestPauseMs: 100, pollMs: 50, linesMs: 800, gapMs: 150, ...timeouts },
  });
  return { engine, filters, google };
}

interface Followed {
  readonly events: readonly RunEvent[];
  readonly result: ExecutionResult;
}

async function followed({ engine }: Follower, ref: RunRef, onEvent?: (event: RunEvent) => void): Promise<Followed> {
  const events: RunEvent[] = [];
  for await (const event of engine.watch(ref)) {
    events.push(event);
    onEvent?.(event);
  }
  return { events, result: await engine.result(ref) };
}

const startQuietly = (options: EmulatorOptions = {}): Promise<Emulator> =>
  startEmulator({ registry: false, ...options });

const kinds = (events: readonly RunEvent[]): readonly string[] =>
  events.map((event) =>
    event.kind === 'finding' ? event.finding.code : event.kind === 'notice' ? event.text : event.kind,
  );

test('F1, F13: whatever the log does by seed (late, shuffled, twice, 429, empty pages), the lines come back whole', async () => {
  const seeds = Array.from({ length: 6 }, (_, index) => index * 7_919 + 3);
  await Promise.all(
    seeds.map(async (seed) => {
      await using cloud = await startQuietly({ disturbance: { seed, strength: 'strong' } });
      const run = createRunId(Date.now());
      const long = notice('x'.repeat(17_000));
      const talk = Array.from({ length: 30 }, (_, index) => notice(`row ${index}`));
      const events = [...talk.slice(0, 9), long, ...talk.slice(9), closed(run)];
      const ref = await startRun(cloud, run, { events, pauseMs: seed % 15 });
      const told = await followed(follower(cloud, { timeouts: { linesMs: 20_000, gapMs: 20_000 } }), ref);
      expect(told, `seed ${seed}`).toMatchObject({ events, result: { exitCode: 0, complete: true, findings: [] } });
    }),
  );
});

test('F1: every read of the log is bounded in time, below from the first one on, above once the end is known', async () => {
  await using cloud = await startQuietly();
  cloud.faults.onLogs({ emptyPages: 4 });
  const run = createRunId(Date.now());
  const ref = await startRun(cloud, run, { events: [notice('a'), closed(run)] });
  const following = follower(cloud);
  const { result } = await followed(following, ref);
  expect(result).toMatchObject({ exitCode: 0, complete: true });
  const late = follower(cloud);
  expect(await late.engine.result(ref)).toMatchObject({ complete: true });
  const logged = await readLoggedLines({
    google: late.google,
    hashing: nodeHashing,
    logs: ['projects/acme-dev'],
    run,
    execution: ref.location,
  });
  expect(logged).toMatchObject({ ok: true, value: { complete: true } });
  const filters = [...following.filters, ...late.filters];
  expect(filters.every((filter) => /timestamp>="2\d{3}-/.test(filter))).toBe(true);
  expect(late.filters.every((filter) => filter.includes('timestamp<="'))).toBe(true);
});

test('F1: an exhausted quota is no reason to give lines up, and is not told when they have come', async () => {
  await using cloud = await startQuietly();
  const run = createRunId(Date.now());
  const ref = await startRun(cloud, run, { events: [notice('a'), closed(run)] });
  // Each call of the client gives up at once.
  cloud.faults.onCall({ method: 'ListLogEntries', kind: 'status', status: 'RESOURCE_EXHAUSTED', times: 6 });
  const reads = { burst: 20, everyMs: 20 };
  const told = await followed(follower(cloud, { google: { budgetMs: 0 }, timeouts: { reads } }), ref);
  expect(told.result).toMatchObject({ complete: true, findings: [] });
  expect(kinds(told.events)).toEqual(['a', 'run.finished']);
});

test('F1: reads that get no answer in time are told, with what to do (`log-unreadable`)', async () => {
  await using cloud = await startQuietly();
  const run = createRunId(Date.now());
  const ref = await startRun(cloud, run, { events: [notice('a'), closed(run)] });
  cloud.faults.onCall({ method: 'ListLogEntries', kind: 'slow', delayMs: 200, times: 1_000 });
  const following = follower(cloud, { google: { tryMs: 100, budgetMs: 0 }, timeouts: { linesMs: 400 } });
  const { result } = await followed(following, ref);
  expect(result).toMatchObject({ exitCode: 0, complete: false });
  const finding = result.findings?.find(({ code }) => code === 'log-unreadable');
  expect(finding?.why).toMatch(/Reading the log of projects\/acme-dev: \S+: no answer in time/);
  expect(finding?.fix).toContain('Run the command again later.');
});

test('F13: three runs at once stay within the read quota of their project', async () => {
  await using cloud = await startQuietly();
  // A minute is a second here, for the quota and for the pauses alike.
  cloud.faults.onLogs({ quota: { reads: 60, perMs: 1_000, retryAfter: 'date' } });
  const timeouts = { firstPauseMs: 3, longestPauseMs: 83, pollMs: 17, reads: { burst: 6, everyMs: 83 } };
  const runs = await Promise.all(
    [1, 2, 3].map(async () => {
      const run = createRunId(Date.now());
      const talk = Array.from({ length: 80 }, (_, index) => notice(`row ${index}`));
      const ref = await startRun(cloud, run, { events: [...talk, closed(run)], pauseMs: 20 });
      return await followed(follower(cloud, { timeouts }), ref);
    }),
  );
  expect(runs.map(({ result }) => result.complete)).toEqual([true, true, true]);
  const reads = cloud.calls.filter(({ method }) => method.endsWith('ListLogEntries'));
  expect(reads.filter(({ status }) => status !== 'OK')).toEqual([]);
});

test('N4: a lost line is told where it is missing, and all that was written after it is shown while the run goes on (`log-incomplete`)', async () => {
  await using cloud = await startQuietly();
  cloud.faults.onLogs({ lose: [2] });
  const run = createRunId(Date.now());
  const ended: RunEvent = { kind: 'exec.finished', exitCode: 3, signal: '', ms: 1, bytes: 4 };
  const events = [notice('a'), notice('lost'), notice('c'), notice('d'), notice('e'), ended, closed(run, 40)];
  using project = createProject({});
  const gate = join(project.folder, 'gate');
  const ref = await startRun(cloud, run, { events, pauseMs: 20, exitCode: 40, gate });
  // The command is over, but the run is not, until this has been shown.
  const { events: shown, result } = await followed(follower(cloud), ref, ({ kind }) => {
    if (kind === 'exec.finished') writeFileSync(gate, '');
  });
  expect(kinds(shown)).toEqual(['a', 'log-incomplete', 'c', 'd', 'e', 'exec.finished']);
  expect(shown[1]).toMatchObject({ finding: { why: expect.stringContaining('Lines are missing here: line 2 of') } });
  expect(result).toMatchObject({ exitCode: 40, complete: false, finished: { exitCode: 40, outcome: 'failed', ms: 7 } });
});

test('N4: at the end every gap is told, and nothing that arrived is kept back', async () => {
  await using cloud = await startQuietly();
  cloud.faults.onLogs({ lose: [1, 3, 6] });
  const run = createRunId(Date.now());
  const events = ['a', 'b', 'c', 'd', 'e'].map((letter) => notice(letter));
  const ref = await startRun(cloud, run, { events: [...events, closed(run)] });
  const { events: shown, result } = await followed(follower(cloud, { timeouts: { linesMs: 150 } }), ref);
  expect(kinds(shown)).toEqual(['log-incomplete', 'b', 'log-incomplete', 'd', 'e']);
  expect(result).toMatchObject({ exitCode: 0, complete: false });
  expect(result).not.toHaveProperty('finished');
});

test('U2: lines that a sink routes elsewhere are read from the view that is configured', async () => {
  await using cloud = await startQuietly();
  const view = 'projects/acme-logs/locations/global/buckets/jobs/views/_AllLogs';
  cloud.faults.onLogs({ routedTo: view });
  const run = createRunId(Date.now());
  const ref = await startRun(cloud, run, { events: [notice('a'), closed(run)] });
  const elsewhere = await followed(follower(cloud, { timeouts: { linesMs: 100 } }), ref);
  expect(elsewhere).toMatchObject({ events: [], result: { exitCode: 0, complete: false } });
  const resourceNames = ['projects/acme-dev', view];
  const there = await followed(follower(cloud, { resourceNames }), ref);
  expect(there.result).toMatchObject({ exitCode: 0, complete: true });
  expect(there.result.log).toContain(encodeURIComponent(view));
  expect(cloud.calls.flatMap(({ needs }) => needs)).toContainEqual({
    permission: 'logging.views.access',
    resource: view,
  });
});
