// JSON Schemas of what `--json` prints. Readers ignore unknown fields, so objects are open.
import { z } from 'zod';
import { chain, chainHistory, change, costFields, draftFields, effectFields, pruning, run } from './effect-schemas.mjs';

const place = z.looseObject({
  file: z.string(),
  line: z.int().min(1).optional(),
  column: z.int().min(1).optional().describe('in characters, from 1'),
});
const severity = z.enum(['error', 'warning', 'note']);
const finding = z.looseObject({
  code: z
    .string()
    .regex(/^[a-z0-9-]+$/)
    .describe('see docs/faults.md'),
  severity,
  title: z.string(),
  why: z.string(),
  fix: z.string(),
  where: place.optional(),
});
const check = z.looseObject({
  kind: z.string(),
  object: z.string(),
  ok: z.boolean(),
  severity,
  expected: z.string(),
  actual: z.string(),
  where: place,
  migration: z.string(),
  ignoredBy: z.string().optional().describe('the pattern of the configuration that makes it a note'),
});
const step = z.looseObject({
  id: z.string(),
  name: z.string(),
  file: z.string(),
  direction: z.enum(['up', 'down']),
  checksum: z.string(),
  mode: z.enum(['transaction', 'mixed', 'none']),
  statements: z.int(),
  does: z.array(z.looseObject({ tag: z.string(), count: z.int() })),
  destroys: z.array(z.looseObject({ what: z.string(), where: place })),
  standsFor: z
    .int()
    .optional()
    .describe('a squashed migration that is only recorded: so many applied ones it stands for'),
});
const plan = z.looseObject({ hash: z.string(), environment: z.string(), head: z.string(), steps: z.array(step) });
const blocker = z.looseObject({
  pid: z.int().describe('0: a prepared transaction'),
  application: z.string(),
  user: z.string(),
  state: z.string(),
  transactionMs: z.int().nullable(),
  query: z.string().describe('without values, shortened'),
});
const target = { host: z.string(), port: z.int(), database: z.string(), user: z.string() };
const historyRow = z.looseObject({
  seq: z.int(),
  id: z.string(),
  name: z.string(),
  file: z.string(),
  checksum: z.string(),
  kind: z.enum(['applied', 'reverted', 'adopted', 'baseline', 'squashed']),
  run: z.string(),
  at: z.string(),
  ms: z.number(),
  by: z.string(),
  schema: z.string(),
});
const checkpoint = z.looseObject({
  means: z.enum(['copy', 'dump', 'point-in-time', 'backup']),
  id: z.string(),
  restore: z.string().describe('the command that restores it'),
  undoes: z.string().describe('what a restore undoes beside the run'),
  takenAt: z.string(),
  kept: z.string(),
  bytes: z.int().optional(),
  sha256: z.string().optional(),
});
const exitCode = z.union([0, 2, 10, 20, 30, 40, 41, 42, 50, 70, 130].map((code) => z.literal(code)));
const migrationState = z.looseObject({
  id: z.string(),
  name: z.string(),
  file: z.string(),
  state: z.enum(['applied', 'pending', 'partial', 'late', 'changed', 'missing', 'renamed']),
  how: z.string().optional(),
  at: z.string().optional(),
  by: z.string().optional(),
  ms: z.number().optional(),
  run: z.string().optional(),
  standsFor: z.int().optional(),
});

const outcome = z.enum([
  'done',
  'nothing-to-do',
  'refused',
  'busy',
  'unreachable',
  'failed',
  'partly-applied',
  'unknown',
  'verification-failed',
  'interrupted',
  'bug',
  'wrong-usage',
]);
const document = z
  .looseObject({
    v: z.literal(1),
    command: z.string().describe('empty when the command line was not understood'),
    outcome,
    exitCode,
    findings: z.array(finding),
    environment: z
      .union([z.string(), z.looseObject({ name: z.string(), protected: z.boolean(), ...target })])
      .optional(),
    migrations: z.array(migrationState).optional().describe('status'),
    pending: z.int().optional().describe('status: how many are not applied'),
    plan: plan.optional(),
    checkpoint: z
      .looseObject({ needed: z.boolean(), means: z.string().optional(), text: z.string().optional() })
      .optional()
      .describe('plan: whether a checkpoint would be taken first, and by which means'),
    checkpoints: z.array(checkpoint).optional().describe('db restore without an id'),
    checks: z.array(check).optional(),
    accepted: z.array(check).optional().describe('verify --accept: the differences that the baseline has taken'),
    runs: z.array(run).optional(),
    run: z.union([run, z.string()]).optional(),
    chains: z.array(z.looseObject(chain)).optional(),
    ...effectFields,
    asOf: z
      .looseObject({
        at: z.string(),
        run: z.string(),
        by: z.string(),
        command: z.string(),
        underWay: z.string().optional().describe('a run that has not ended: what it does may be lacking'),
      })
      .optional()
      .describe('the execution whose result this is, where the database was not asked anew'),
    attempt: z.looseObject({ run: z.string(), execution: z.string() }).optional().describe('runs show: of the ledger'),
    environments: z
      .array(z.looseObject({ name: z.string(), applied: z.int(), newest: z.string() }))
      .optional()
      .describe('status --compare'),
    gaps: z
      .array(
        z.looseObject({
          environment: z.string(),
          than: z.string(),
          lacks: z.array(z.looseObject({ id: z.string(), name: z.string() })),
          differs: z.array(z.looseObject({ id: z.string(), name: z.string() })),
        }),
      )
      .optional()
      .describe('status --compare: what one environment lacks of another'),
    files: z.array(z.unknown()).optional(),
    results: z
      .array(
        z.looseObject({ columns: z.array(z.string()), rows: z.array(z.array(z.string().nullable())), tag: z.string() }),
      )
      .optional()
      .describe('db sql'),
  })
  .describe('The document that a command prints with --json');

const kind = (name, shape = {}) => z.looseObject({ v: z.literal(1), kind: z.literal(name), ...shape });
const direction = z.enum(['up', 'down']);
const ids = z.array(z.string());
const event = z
  .discriminatedUnion('kind', [
    kind('run.started', { run: z.string(), task: z.string(), tool: z.string(), at: z.string() }),
    kind('target', { environment: z.string(), server: z.string(), ...target }),
    kind('identity', { environmentId: z.string(), systemId: z.string() }),
    kind('database', {
      major: z.int(),
      searchPath: z.string(),
      schema: z.string(),
      extensions: z.array(z.any()),
      files: z.array(z.string()).optional(),
    }),
    kind('adoption', { proven: ids, baseline: ids, nearest: z.string(), doubtful: z.array(z.looseObject({})) }),
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
    kind('history', {
      rows: z.array(historyRow),
      partial: z.array(z.string()),
      state: z.unknown().optional().describe('what a plan is made from'),
    }),
    kind('runs', { runs: z.array(run) }),
    kind('run.details', {
      statements: z.array(z.unknown()),
      events: z.array(z.unknown()),
      live: z.array(z.unknown()),
    }),
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

/** The schemas as objects, for the test that checks real outputs against them. */
export const shapes = { document, event, finding, check, plan };

/** The schemas by file name, as JSON Schema draft 2020-12. */
export function schemas() {
  return Object.fromEntries(Object.entries(shapes).map(([name, shape]) => [name, z.toJSONSchema(shape)]));
}
