import type { Place } from '../../kit/finding.ts';
import type { PlanStep } from '../contract/model.ts';

/** What `up` would do to existing rows. */
export interface Danger {
  /** As text: `drops table users`; or `DO, whose effect cannot be seen`. */
  readonly what: string;
  readonly where: Place;
}

/** The text of these statements does not show what they do. */
const opaque: ReadonlySet<string> = new Set(['DO', 'CALL', 'EXECUTE']);

/**
 * Why a finding must not advise `up` with these steps in a database that already holds data: the first thing that they
 * destroy, or may destroy. Undefined: the advice is safe.
 *
 * @param steps of a plan, in order
 * @example dangerOfUp(plan.steps) // { what: 'drops table users', where: { file: 'migrations/2_users.sql', line: 1,
 * column: 1 } }
 */
export function dangerOfUp(steps: readonly Pick<PlanStep, 'file' | 'does' | 'destroys'>[]): Danger | undefined {
  for (const { destroys } of steps) {
    const [first] = destroys;
    if (first !== undefined) return first;
  }
  for (const { file, does } of steps) {
    const hidden = does.find(({ tag }) => opaque.has(tag));
    if (hidden !== undefined) return { what: `${hidden.tag}, whose effect cannot be seen`, where: { file } };
  }
  return undefined;
}
