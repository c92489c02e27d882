import { memorySource } from '../adapters/files/byte-source.ts';
import { nodeHashing } from '../adapters/files/hashing.ts';
import { createParser } from '../adapters/parser/libpg-query.ts';
import type { ExecutionOptions, Execution } from '../migrate/controller/execute-task.ts';
import type { RunEvent } from '../migrate/contract/event.ts';
import type { Bundle } from '../migrate/contract/ports.ts';
import type { Task } from '../migrate/contract/task.ts';
import { withRecorded } from '../migrate/read/recorded-migrations.ts';

/** Does a task undo migrations? */
export function undoes(task: Task): boolean {
  return (task.kind === 'apply' || task.kind === 'plan') && task.selection.direction === 'down';
}

/** What an execution of such a task needed to begin with. */
export interface UndoExecution {
  readonly execution: Execution;
  /** With the migrations whose files are gone, where there were any. */
  readonly bundle: Bundle;
}

/**
 * Has a task executed that undoes migrations. If its runner refuses it because the files of some are gone, and tells the
 * down texts that the history has kept, these are analysed here, as the runner has no parser, and a second execution of the
 * same run gets them in its bundle.
 *
 * @param execute has it executed once
 */
export async function executeUndoing(
  options: ExecutionOptions,
  execute: (options: ExecutionOptions) => Promise<Execution>,
): Promise<UndoExecution> {
  const { bundle } = options;
  const held: RunEvent[] = [];
  const first = await execute({
    ...options,
    onEvent(event) {
      if (event.kind === 'recorded.downs' || held.length > 0) held.push(event);
      else options.onEvent(event);
    },
  });
  const complete = completed(bundle, first);
  if (complete === undefined || options.signal?.aborted === true || first.left === true) {
    for (const event of held) options.onEvent(event);
    return { execution: first, bundle };
  }
  const again = options.again === undefined ? options : { ...options, task: options.again() };
  const second = await execute({ ...again, bundle: complete });
  const before = first.events.filter((event) => !held.includes(event));
  return { execution: { ...second, events: [...before, ...second.events] }, bundle: complete };
}

/** The bundle with what the history has kept; undefined when that is not what is missing. */
function completed(bundle: Bundle, { events, findings }: Execution): Bundle | undefined {
  const downs = events.flatMap((event) => (event.kind === 'recorded.downs' ? event.downs : []));
  const others = findings.filter(({ severity, code }) => severity === 'error' && code !== 'down-from-history');
  if (downs.length === 0 || others.length > 0) return undefined;
  const recorded = downs.map(({ body, ...one }) => ({ ...one, text: memorySource(Buffer.from(body, 'base64')) }));
  return withRecorded(bundle, recorded, { parser: createParser(), hashing: nodeHashing });
}
