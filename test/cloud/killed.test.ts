import { afterAll, beforeAll, expect, test } from 'vitest';
import type { RecordedCall } from '../../emulator/core/world.ts';
import { until } from '../support/child.ts';
import { buildCloud, type Cloud } from '../support/cloud.ts';
import { createTestDatabase } from '../support/database.ts';
import { createMachine, type AtWork } from '../support/machine.ts';

let cloud: Cloud;
beforeAll(async () => {
  cloud = await buildCloud();
});
afterAll(async () => await cloud[Symbol.asyncDispose]());

const migrations = {
  'migrations/1_a.sql': 'create table a (id int primary key);',
  'migrations/2_b.sql': 'create table b (id int primary key);',
};

/** Has `hear` called with each call of the emulator, when it was handled and before its answer goes out. */
function onEachCall(hear: (call: RecordedCall) => void): () => void {
  const calls = cloud.emulator.calls as RecordedCall[];
  const push = calls.push.bind(calls);
  calls.push = (...items) => {
    for (const item of items) hear(item);
    return push(...items);
  };
  return () => {
    calls.push = push;
  };
}

let projects = 0;

/** `up` in a project of its own; `kill` says after which of its calls its controller dies. */
async function killedAt(kill: (heard: number) => boolean, elsewhere = false) {
  await using database = await createTestDatabase();
  projects += 1;
  const project = `acme-${process.pid}-k${projects}`;
  const dev = cloud.environment('dev', database.url, { project });
  const config = JSON.stringify({ environments: { dev } });
  using ann = createMachine(
    { ...migrations, 'godwit.config.json': config },
    { ...cloud.env, GODWIT_LINES_PATIENCE: '1s' },
  );
  let heard = 0;
  let up: AtWork | undefined;
  const methods: string[] = [];
  const silence = onEachCall(({ method, needs }) => {
    if (!JSON.stringify(needs).includes(project)) return;
    heard += 1;
    methods.push(method.split('.').pop() ?? '');
    if (kill(heard)) up?.process.kill('SIGKILL');
  });
  up = ann.start('up', '-e', 'dev');
  const first = await up.ended;
  silence();
  const mine = () =>
    cloud.emulator.state.executions.filter(({ name }) => (name as string).startsWith(`projects/${project}/`));
  // The platform goes on without a controller.
  await until('nothing runs', () => mine().every(({ completionTime }) => completionTime !== undefined), 60_000);
  using bob = ann.clone();
  const next = elsewhere ? bob : ann;
  const again = await next.run('up', '-e', 'dev');
  const applied = await database.query<{ n: number }>('select count(*)::int as n from godwit.migration');
  const runs = await database.query<{ n: number }>("select count(*)::int as n from godwit.run where outcome = 'done'");
  const left = cloud.leaked().filter((name) => name.startsWith(`projects/${project}/`));
  const open = next.ledger().filter((entry) => entry.finishedAt === undefined);
  return { first, again, methods, applied: applied[0]?.n, runs: runs[0]?.n ?? 0, left, open: open.length };
}

test(
  'a controller that is killed at any of its calls: the next command, here or elsewhere, takes the result, leaves nothing',
  { timeout: 600_000 },
  async () => {
    const whole = await killedAt(() => false);
    expect(whole.first.exitCode, whole.first.err).toBe(0);
    // Calls while it waits are alike: one of each kind is enough.
    const steps = whole.methods.flatMap((method, index) => (method === whole.methods[index - 1] ? [] : [index + 1]));
    expect(steps.length).toBeGreaterThan(6);
    let killed = 0;
    for (const step of steps) {
      const { first, again, applied, left, open, methods } = await killedAt((heard) => heard === step, step % 2 === 0);
      const at = `killed at call ${step}, ${methods.at(-1) ?? ''}: ${again.err}`;
      // How often it looks depends on time: a run may be over before its last steps, or before it is hit.
      expect([null, 0], at).toContain(first.exitCode);
      killed += first.exitCode === null ? 1 : 0;
      expect(again.exitCode, at).toBe(0);
      expect({ applied, left, open }, at).toEqual({ applied: 2, left: [], open: 0 });
    }
    expect(killed).toBeGreaterThan(steps.length / 2);
  },
);
