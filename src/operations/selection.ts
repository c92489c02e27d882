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
  /** How they are committed; undefined: as the environment says. */
  readonly tx?: Selection['tx'];
  /** `plan --down` */
  readonly down?: boolean | undefined;
}

/** The migrations that `--to`, `--out-of-order`, `--resume-up` and `--file` choose. */
export function selectionOf(options: SelectionOptions, direction: 'up' | 'down'): Outcome<Selection> {
  const { to, file, outOfOrder = false, resumeUp = false, down, tx } = options;
  if (to !== undefined && file !== undefined) return wrong('--to and --file cannot be combined.');
  const narrows = firstTyped({ to, file, outOfOrder, down });
  if (resumeUp && narrows !== undefined) return wrong(`--resume-up and ${narrows} cannot be combined.`);
  if (resumeUp && tx === 'all') return wrong('--resume-up and --tx all cannot be combined.');
  if (down === true && tx !== undefined) return wrong('--down and --tx cannot be combined.');
  const bare = file === undefined ? undefined : readBareName(file);
  return ok({
    // Applying a script that undoes another one means undoing that one.
    direction: bare?.undoes === true ? 'down' : direction,
    outOfOrder,
    ...(to === undefined ? {} : { to }),
    ...(resumeUp ? { resumeUp: true } : {}),
    ...(tx === undefined ? {} : { tx }),
    ...(bare === undefined ? {} : { only: [bare.id] }),
  });
}

/** The selection with what the environment says where the command says nothing. */
export function withDefaults(selection: Selection, { tx }: { readonly tx: 'each' | 'all' }): Selection {
  const { direction, resumeUp } = selection;
  if (tx === 'each' || selection.tx !== undefined || direction === 'down' || resumeUp === true) return selection;
  return { ...selection, tx };
}

function wrong(why: string): Outcome<never> {
  return err(fault('wrong-usage', { why }));
}
