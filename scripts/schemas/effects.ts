// Part of the JSON Schemas: what a run did or would do, and the content of its chain.
import { z } from 'zod';
import { tools } from '../../src/migrate/contract/tool.ts';

/** One thing that a run created, changed or dropped. */
export const change = z.looseObject({
  change: z.enum(['created', 'changed', 'dropped']),
  kind: z.string().describe('table, column, index, view, …'),
  name: z.string(),
  migration: z.string(),
  rows: z.int().optional().describe('of kind `row`: how many of this table'),
  within: z.boolean().describe('a part of what was created or dropped along with it'),
  hadDrifted: z.boolean().describe('it was not as the baseline had it when the run began'),
});

/** The chain of one run. */
export const chain = {
  run: z.string(),
  events: z.int(),
  ok: z.boolean(),
  why: z.string(),
  prunedBy: z.string().optional().describe('the run that has pruned its events'),
};

/** The fields of what `runs prune` has removed, or would remove. */
const pruningFields = {
  before: z.string().describe('the cut-off'),
  runs: z.int().describe('those that lose their events'),
  gone: z.int().describe('of these, those that lose their row, too'),
  events: z.int(),
  statements: z.int(),
  attempts: z.int().describe('earlier attempts that went along'),
};
export const pruning = z.looseObject(pruningFields);

/** The fields that all runs share. */
export const chainHistory = {
  migrations: z.int(),
  objects: z.int().describe('of the baseline'),
  flaws: z.array(z.string()).describe('what differs'),
  notCovered: z.array(z.string()).describe('what cannot be found out'),
  pruned: z
    .array(z.looseObject({ run: z.string(), by: z.string(), at: z.string(), ...pruningFields }))
    .describe('what was pruned, by which run, when'),
};

/** Fields of documents. */
export const effectFields = {
  history: z.looseObject(chainHistory).optional().describe('runs verify-chain: what all runs have in common'),
  changes: z.array(change).optional().describe('runs show: what the run did'),
  pruning: pruning.optional().describe('runs prune: what went, or would go'),
};

/** The details of a run that accepted differences into the baseline. */
const acceptedAbout = {
  reason: z.string().optional().describe('verify --accept: why'),
  accepted: z
    .array(z.looseObject({ change: z.enum(['changed', 'missing', 'added']), kind: z.string(), name: z.string() }))
    .optional()
    .describe('verify --accept: what was taken, at most the first 200'),
  total: z.int().optional().describe('verify --accept: how many objects'),
};

const identity = z.looseObject({
  environment: z.string(),
  id: z.string(),
  systemId: z.string(),
  databaseOid: z.string(),
});

/** Which database an environment was, what it was pinned to, and which it is since. */
export const settledIdentity = {
  before: identity,
  pinned: z
    .looseObject({ id: z.string(), systemId: z.string(), databaseOid: z.string() })
    .optional()
    .describe('absent: the environment was not pinned'),
  after: identity,
};

/** One attempt to change a database. */
export const run = z.looseObject({
  run: z.string(),
  command: z.string(),
  outcome: z.string(),
  exitCode: z.int().nullable(),
  by: z.string(),
  from: z.string(),
  commit: z.string(),
  tool: z.string(),
  planHash: z.string(),
  startedAt: z.string(),
  finishedAt: z.string(),
  ms: z.number(),
  applied: z.int().nullable().describe('null: lines of its output were missing, and nobody counted'),
  failure: z.string(),
  checkpoint: z.string(),
  migrations: z.array(z.string()).optional().describe('the first that it applied, undid or recorded: `3 add_users`'),
  entry: z.string().optional().describe('the database’s entry in the list of `--databases`'),
  failedAt: z
    .looseObject({ migration: z.string(), file: z.string().optional(), line: z.int().optional() })
    .optional()
    .describe('the migration that failed, and where'),
  about: z
    .looseObject({
      words: z.array(z.string()),
      hook: z.string().optional(),
      follows: z.string().optional(),
      seq: z.int(),
      exitCode: z.int().nullable().optional(),
      signal: z.string().optional(),
      ...acceptedAbout,
      identity: z.looseObject(settledIdentity).optional().describe('adopt --identity: which database it was and is'),
      pruned: pruning.optional().describe('runs prune: what went'),
      tx: z.literal('all').optional().describe('up --tx all: its migrations shared one transaction'),
      claim: z
        .looseObject({ tool: z.enum(tools), table: z.string(), entries: z.int() })
        .optional()
        .describe('adopt --from: the history that was taken over'),
    })
    .optional()
    .describe('exec: what was executed; verify --accept: what was taken'),
});

/** A proposed down file, and how a throwaway server judged it: `down --draft`. */
export const draftFields = {
  version: z.string(),
  file: z.string(),
  sql: z.string(),
  written: z.boolean(),
  major: z.int(),
  objects: z.int().describe('how many objects the migration created, changed or dropped'),
  unproven: z
    .array(z.looseObject({ kind: z.string(), name: z.string(), why: z.string() }))
    .describe('those that are not as before once the draft has run'),
  gaps: z.array(z.string()).describe('what is left to its reader'),
};

/** What a remote run would create: `--dry-run`. */
export const costFields = {
  place: z.string(),
  job: z.enum(['ephemeral', 'stable']),
  executions: z.int(),
  checkpoint: z.boolean(),
  bundle: z.looseObject({ travels: z.enum(['variable', 'image layer']), bytes: z.int() }),
  account: z.string(),
};
