// The JSON Schema of the document of a command.
import { z } from 'zod';
import { layouts } from '../../src/migrate/contract/tool.ts';
import { chain, effectFields, run } from './effects.ts';
import { working } from './event.ts';
import { check, checkpoint, exitCode, finding, outcome, plan, target } from './parts.ts';

const migrationState = z.looseObject({
  id: z.string(),
  name: z.string(),
  file: z.string(),
  state: z.enum(['applied', 'pending', 'partial', 'late', 'changed', 'missing', 'renamed', 'ahead']),
  how: z.string().optional(),
  at: z.string().optional(),
  by: z.string().optional(),
  ms: z.number().optional(),
  run: z.string().optional(),
  standsFor: z.int().optional(),
});

/** The document that a command prints with --json. */
export const document = z
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
    working: z.array(working).optional().describe('status: the runs that are at work on the database'),
    plan: plan.optional(),
    sql: z.string().optional().describe('plan --sql: what would be executed'),
    checkpoint: z
      .looseObject({ needed: z.boolean(), means: z.string().optional(), text: z.string().optional() })
      .optional()
      .describe('plan: whether a checkpoint would be taken first, and by which means'),
    checkpoints: z.array(checkpoint).optional().describe('db restore without an id'),
    checks: z.array(check).optional(),
    databases: z
      .array(
        z.looseObject({
          entry: z.string(),
          outcome: z.string(),
          exitCode: z.int(),
          pending: z.array(z.string()).optional().describe('status: the ids of what is not applied'),
          findings: z.array(finding),
        }),
      )
      .optional()
      .describe('of commands with --databases: one entry for each'),
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
    folder: z
      .looseObject({ path: z.string(), layout: z.enum(layouts), migrations: z.int() })
      .optional()
      .describe('init: the folder of migrations that the configuration names'),
    results: z
      .array(
        z.looseObject({ columns: z.array(z.string()), rows: z.array(z.array(z.string().nullable())), tag: z.string() }),
      )
      .optional()
      .describe('db sql'),
  })
  .describe('The document that a command prints with --json');
