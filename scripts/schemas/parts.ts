// Of the JSON Schemas: what several of them have in common. Readers ignore unknown fields, so objects are open.
import { z } from 'zod';

const place = z.looseObject({
  file: z.string(),
  line: z.int().min(1).optional(),
  column: z.int().min(1).optional().describe('in characters, from 1'),
});
const severity = z.enum(['error', 'warning', 'note']);
export const finding = z.looseObject({
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
export const check = z.looseObject({
  kind: z.string(),
  object: z.string(),
  ok: z.boolean(),
  severity,
  expected: z.string(),
  actual: z.string(),
  where: place,
  migration: z.string(),
  run: z.string().optional().describe('the run that stated it'),
  along: z.string().optional().describe('the missing column that took it along'),
  ignoredBy: z.string().optional().describe('the pattern of the configuration that makes it a note'),
});
const step = z.looseObject({
  id: z.string(),
  name: z.string(),
  file: z.string(),
  direction: z.enum(['up', 'down']),
  checksum: z.string(),
  recorded: z.literal(true).optional().describe('the text is the one that the history has kept; there is no file'),
  resumes: z.literal(true).optional().describe('only what a `down` has undone is done again'),
  mode: z.enum(['transaction', 'mixed', 'none']),
  statements: z.int(),
  does: z.array(z.looseObject({ tag: z.string(), count: z.int() })),
  destroys: z.array(z.looseObject({ what: z.string(), where: place })),
  standsFor: z
    .int()
    .optional()
    .describe('a squashed migration that is only recorded: so many applied ones it stands for'),
});
export const plan = z.looseObject({
  hash: z.string(),
  environment: z.string(),
  head: z.string(),
  tx: z.literal('all').optional(),
  steps: z.array(step),
});
export const blocker = z.looseObject({
  pid: z.int().describe('0: a prepared transaction'),
  application: z.string(),
  user: z.string(),
  state: z.string(),
  transactionMs: z.int().nullable(),
  query: z.string().describe('without values, shortened'),
});
export const target = {
  host: z.string(),
  port: z.int(),
  database: z.string(),
  user: z.string(),
  searchPath: z.string().optional().describe('where unqualified names go, if the URL says so'),
};
export const historyRow = z.looseObject({
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
  from: z.string().optional().describe('the tool that had applied it: adopt --from'),
});
export const checkpoint = z.looseObject({
  kind: z.literal('taken'),
  means: z.enum(['copy', 'dump', 'point-in-time', 'backup']),
  id: z.string(),
  restore: z.string().describe('the command that restores it'),
  undoes: z.string().describe('what a restore undoes beside the run'),
  takenAt: z.string(),
  kept: z.string(),
  bytes: z.int().optional(),
  sha256: z.string().optional(),
});
export const exitCode = z.union([0, 2, 3, 10, 20, 30, 40, 41, 42, 50, 70, 130].map((code) => z.literal(code)));
export const outcome = z.enum([
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
