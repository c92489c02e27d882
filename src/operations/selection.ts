import { fault } from '../kit/fault.ts';
import { err, ok, type Outcome } from '../kit/outcome.ts';
import { readBareName } from '../migrate/read/read-bare-file.ts';
import type { Selection } from '../migrate/contract/task.ts';
import { firstTyped } from '../kit/option-name.ts';

/** Options that choose migrations. */
export interface SelectionOptions {
  readonly to?: string | undefined;
  readonly file?: string | undefined;
  readonly outOfOrder?: boolean | undefined;
  readonly resumeUp?: boolean | undefined;
  /** `plan --down` */
  readonly down?: boolean | undefined;
}

/** The migrations that `--to`, `--out-of-order`, `--resume-up` and `--file` choose. */
export function selectionOf(options: SelectionOptions, direction: 'up' | 'down'): Outcome<Selection> {
  const { to, file, outOfOrder = false, resumeUp = false, down } = options;
  if (to !== undefined && file !== undefined) return wrong('--to and --file cannot be combined.');
  const narrows = firstTyped({ to, file, outOfOrder, down });
  if (resumeUp && narrows !== undefined) return wrong(`--resume-up and ${narrows} cannot be combined.`);
  const bare = file === undefined ? undefined : readBareName(file);
  return ok({
    // Applying a script that undoes another one means undoing that one.
    direction: bare?.undoes === true ? 'down' : direction,
    outOfOrder,
    ...(to === undefined ? {} : { to }),
    ...(resumeUp ? { resumeUp: true } : {}),
    ...(bare === undefined ? {} : { only: [bare.id] }),
  });
}

function wrong(why: string): Outcome<never> {
  return err(fault('wrong-usage', { why }));
}
