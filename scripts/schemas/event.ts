// The JSON Schema of the events of a run.
import { z } from 'zod';
import { chain, chainHistory, change, costFields, draftFields, pruning, run, settledIdentity } from './effects.ts';
import { blocker, check, checkpoint, exitCode, finding, historyRow, outcome, plan, target } from './parts.ts';
import { tools } from '../../src/migrate/contract/tool.ts';

const kind = <Name extends string, Shape extends z.ZodRawShape>(name: Name, shape: Shape) =>
  z.looseObject({ v: z.literal(1), kind: z.literal(name), ...shape });
const direction = z.enum(['up', 'down']);
const ids = z.array(z.string());
const sameWord = z.looseObject({ kind: z.string(), name: z.string(), expected: z.string(), found: z.string() });
const statement = z.looseObject({
  run: z.string(),
  migration: z.string(),
  direction: z.string(),
  ordinal: z.int().describe('from 1'),
  tag: z.string(),
  line: z.int(),
  count: z.int(),
  ms: z.number(),
  state: z.string(),
});
const audit = z.looseObject({
  run: z.string(),
  n: z.int(),
  kind: z.string(),
  body: z.string().describe('JSON as it was hashed'),
  hash: z.string(),
});
const foreign = z.looseObject({
  tool: z.enum(tools),
  table: z.string(),
  entries: z.int().describe('how much it holds as applied'),
  unsettled: z.array(z.string()).describe('what failed or is under way'),
  unreadable: z.string().describe('why it cannot be read; empty: it was read'),
});
const live = z.looseObject({
  run: z.string(),
  migration: z.string().describe('the one that was started last'),
  statement: z.looseObject({ tag: z.string(), line: z.int() }).optional().describe('the standalone one that is running'),
  sessions: z.array(
    z.looseObject({
      pid: z.int(),
      state: z.string(),
      waits: z.string().describe('what it waits for; empty: it works'),
      seconds: z.number(),
      blockedBy: z.array(z.int()),
      progress: z.string(),
    }),
  ),
});
export const working = live.extend({
  command: z.string(),
  by: z.string(),
  from: z.string(),
  startedAt: z.string(),
  ms: z.number(),
});
const edited = z.looseObject({
  seq: z.int(),
  statements: z.array(z.looseObject({ tag: z.string(), count: z.int(), hash: z.string() })),
});
const now = z.looseObject({
  working: z.array(working).optional().describe('the runs that are at work'),
  edited: z.array(edited).optional().describe('what was executed of migrations whose files have been edited'),
});
const script = z.looseObject({ file: z.string(), checksum: z.string() });
const down = z.looseObject({
  id: z.string(),
  name: z.string(),
  up: script,
  down: script,
  body: z.string().describe('its bytes, in base64'),
});
const task = z.enum([
  'probe',
  'inspect',
  'cancel',
  'plan',
  'apply',
  'verify',
  'accept',
  'identify',
  'prune',
  'exec',
]);

/** One line of a running command. */
export const event = z
  .discriminatedUnion('kind', [
    kind('run.started', { run: z.string(), task, tool: z.string(), at: z.string() }),
    kind('target', { environment: z.string(), server: z.string(), ...target }),
    kind('identity', { environmentId: z.string(), systemId: z.string(), databaseOid: z.string() }),
    kind('identity.settled', { done: z.boolean().describe('false: it was only looked at'), ...settledIdentity }),
    kind('database', {
      major: z.int(),
      searchPath: z.string(),
      schema: z.string(),
      extensions: z.array(z.looseObject({ name: z.string(), schema: z.string() })),
      files: z.array(z.string()).optional(),
    }),
    kind('adoption', { proven: ids, baseline: ids, nearest: z.string(), doubtful: z.array(sameWord) }),
    kind('recorded', { run: z.string() }),
    kind('finding', { finding }),
    kind('connecting', {
      attempt: z.int().describe('the number of the try that failed, from 1'),
      waitedMs: z.number(),
      budgetMs: z.number(),
      why: z.string(),
    }),
    kind('waiting', { holder: z.string() }),
    kind('checkpoint.progress', { text: z.string() }),
    kind('rehearsal.progress', { text: z.string() }),
    kind('checkpoint.taken', { checkpoint }),
    kind('plan', { plan }),
    kind('cost', costFields).describe('what a run far away would make: --dry-run'),
    kind('draft', draftFields),
    kind('database.finished', {
      entry: z.string().describe('of the list; of a URL without user and password'),
      run: z.string().describe('empty: there was no run'),
      outcome: outcome.exclude(['wrong-usage']),
      exitCode,
      applied: z.int().describe('how many migrations were applied'),
      findings: z.array(finding),
    }).describe('one of many databases'),
    kind('databases.finished', {
      outcome: outcome.exclude(['wrong-usage']),
      exitCode,
      databases: z.int(),
      changed: z.int(),
      unchanged: z.int(),
      failed: z.int(),
      interrupted: z.int(),
      notStarted: z.array(z.string()),
    }).describe('all of many databases'),
    kind('history', {
      rows: z.array(historyRow),
      partial: z.array(z.string()),
      fingerprints: z.array(z.string()).optional().describe('of the statements of each row; empty: it has none'),
      now: now.optional().describe('what is true only at this moment'),
      state: z.unknown().optional().describe('what a plan is made from'),
      foreign: z.array(foreign).optional().describe('histories of other tools, while nothing is recorded'),
    }),
    kind('runs', { runs: z.array(run) }),
    kind('run.details', { statements: z.array(statement), events: z.array(audit), live: z.array(live) }),
    kind('recorded.downs', { downs: z.array(down) }).describe('down files that the history has kept'),
    kind('chain', chain),
    kind('chain.history', chainHistory),
    kind('changes', { changes: z.array(change) }),
    kind('migration.started', { id: z.string(), name: z.string(), direction, index: z.int(), of: z.int() }),
    kind('migration.applied', {
      id: z.string(),
      name: z.string(),
      direction,
      how: z.enum(['executed', 'adopted', 'baseline', 'squashed']),
      ms: z.number(),
      statements: z.int(),
    }),
    kind('migration.failed', { id: z.string(), name: z.string(), finding }),
    kind('lock.blocked', {
      id: z.string(),
      on: z.string().optional().describe('what is locked, where it is known'),
      waitedMs: z.int(),
      blockers: z.array(blocker),
      waiters: z.int().describe('sessions of the application that wait behind ours'),
    }),
    kind('lock.retry', {
      id: z.string(),
      cause: z.enum(['timeout', 'deadlock', 'crowd', 'conflict']),
      attempt: z.int().describe('number of the try to come'),
      pauseMs: z.int(),
      spentMs: z.int(),
      budgetMs: z.int(),
      blockers: z.array(blocker),
    }),
    kind('build.progress', {
      id: z.string(),
      command: z.string(),
      object: z.string(),
      phase: z.string(),
      percent: z.int().nullable(),
      leftMs: z.int().nullable().describe('work that is left, estimated; waits are not counted'),
    }),
    kind('standby.wait', {
      waitedMs: z.number(),
      standbys: z.string().describe('the server’s synchronous_standby_names'),
      connected: z.string().describe('names of the standbys that are connected'),
    }),
    kind('progress', { id: z.string(), statement: z.int(), of: z.int(), tag: z.string() }),
    kind('notice', { severity: z.string(), text: z.string() }),
    kind('checks', { checks: z.array(check) }),
    kind('pruning', { pruning }).describe('what was pruned, or would be'),
    kind('accepted', { checks: z.array(check) }).describe('differences that the baseline has taken'),
    kind('exec.started', {
      words: z.array(z.string()).describe('the program and its arguments, masked'),
      hook: z.string().optional().describe('the hook that it is'),
      follows: z.string().optional().describe('the run that it follows'),
    }),
    kind('output', {
      stream: z.enum(['stdout', 'stderr']),
      text: z.string().describe('a piece of what the command wrote, as it came'),
      encoding: z.literal('base64').optional().describe('present: it was no UTF-8, and the text stands for its bytes'),
    }),
    kind('output.dropped', {
      stream: z.enum(['stdout', 'stderr']),
      bytes: z.int().describe('so much of the output, between what was told before and what follows, is not told'),
      lines: z.int(),
    }),
    kind('exec.finished', {
      exitCode: z.int().nullable().describe('of the command itself; null: a signal ended it'),
      signal: z.string().describe('empty: it ended by itself'),
      ms: z.number(),
      bytes: z.int().describe('what it wrote'),
    }),
    kind('run.finished', { run: z.string(), outcome, exitCode, events: z.int(), ms: z.number() }),
  ])
  .describe(
    'One line that a running command (up, down, adopt, exec, runs attach) prints with --json; the last is run.finished',
  );
