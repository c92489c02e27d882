// Of the JSON Schemas: what a run did or would do, and what its chain says.
import { z } from 'zod';

/** One thing that a run created, changed or dropped. */
export const change = z.looseObject({
  change: z.enum(['created', 'changed', 'dropped']),
  kind: z.string().describe('table, column, index, view, …'),
  name: z.string(),
  migration: z.string(),
  within: z.boolean().describe('a part of what was created or dropped along with it'),
  hadDrifted: z.boolean().describe('it was not as the baseline had it when the run began'),
});

/** What all runs have in common. */
export const chainHistory = {
  migrations: z.int(),
  objects: z.int().describe('of the baseline'),
  flaws: z.array(z.string()).describe('what differs'),
  notCovered: z.array(z.string()).describe('what cannot be found out'),
};

/** Fields of documents. */
export const effectFields = {
  history: z.looseObject(chainHistory).optional().describe('runs verify-chain: what all runs have in common'),
  changes: z.array(change).optional().describe('runs show: what the run did'),
};

/** A down file that is proposed, and what a throwaway server said of it: `down --draft`. */
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

/** What a run far away would make: `--dry-run`. */
export const costFields = {
  place: z.string(),
  job: z.enum(['ephemeral', 'stable']),
  executions: z.int(),
  checkpoint: z.boolean(),
  bundle: z.looseObject({ travels: z.enum(['variable', 'image layer']), bytes: z.int() }),
  account: z.string(),
};
