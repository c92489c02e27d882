import type { ScriptFile } from './model.ts';

/** The largest down file whose text is stored in the history, in bytes. */
export const largestKept: number = 256 * 1024;

/** Does the history store the text of this down file? */
export function isKept(down: ScriptFile | undefined): down is ScriptFile {
  return down !== undefined && down.size <= largestKept;
}
