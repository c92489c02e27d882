import { readFile } from 'node:fs/promises';
import { resolve } from 'node:path';
import { writeWhole } from '../adapters/write-file.ts';
import { fault } from '../kit/fault.ts';
import { err, ok, type Outcome } from '../kit/outcome.ts';
import type { Plan } from '../migrate/contract/model.ts';
import type { Selection } from '../migrate/contract/task.ts';

/** A plan for review: what would run, for which environment, and which migrations were selected. */
export interface PlanFile {
  readonly environment: string;
  readonly selection: Selection;
  /** Path of the standalone script that the plan is about, as typed. */
  readonly file?: string;
  readonly plan: Plan;
}

/** Writes a plan for review. */
export async function writePlan(cwd: string, file: string, content: PlanFile): Promise<Outcome<void>> {
  return await writeWhole(resolve(cwd, file), `${JSON.stringify({ godwit: 'plan', v: 1, ...content }, null, 2)}\n`);
}

/** Reads a reviewed plan. Its hash is binding: the runner refuses to do anything else. */
export async function readPlan(cwd: string, file: string): Promise<Outcome<PlanFile>> {
  let value: Partial<PlanFile> & { readonly godwit?: unknown; readonly v?: unknown };
  try {
    const parsed: unknown = JSON.parse(await readFile(resolve(cwd, file), 'utf8'));
    value = parsed ?? {};
  } catch (error) {
    return unusable(file, `${(error as Error).message}.`);
  }
  const { plan, selection, environment, file: bare } = value;
  if (value.godwit !== 'plan' || value.v !== 1)
    return unusable(file, 'The file is not a plan of this version of godwit.');
  if (typeof plan?.hash !== 'string' || !Array.isArray(plan.steps) || typeof environment !== 'string') {
    return unusable(file, 'The plan is incomplete.');
  }
  if (selection?.direction !== 'up' && selection?.direction !== 'down')
    return unusable(file, 'The plan does not say whether it is for `up` or `down`.');
  if (!isSelection(selection)) return unusable(file, 'The plan’s selection is damaged.');
  return ok({ environment, selection, plan, ...(typeof bare === 'string' ? { file: bare } : {}) });
}

function isSelection({ to, only, outOfOrder, resumeUp, tx }: Selection): boolean {
  if (tx !== undefined && tx !== 'each' && tx !== 'all') return false;
  if (resumeUp !== undefined && !resumeUp) return false;
  const named = only === undefined || (Array.isArray(only) && only.every((id) => typeof id === 'string'));
  return named && (to === undefined || typeof to === 'string') && typeof outOfOrder === 'boolean';
}

function unusable(file: string, why: string): Outcome<never> {
  return err(fault('plan-file-invalid', { why, where: { file } }));
}
