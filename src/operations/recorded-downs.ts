import { memorySource } from '../adapters/files/byte-source.ts';
import { nodeHashing } from '../adapters/files/hashing.ts';
import { createParser } from '../adapters/parser/libpg-query.ts';
import type { ExecutionOptions, Execution } from '../migrate/controller/execute-task.ts';
import type { RunEvent } from '../migrate/contract/event.ts';
import type { Bundle } from '../migrate/contract/ports.ts';
import type { Task } from '../migrate/contract/task.ts';
import { withRecorded } from '../migrate/read/recorded-migrations.ts';

/** Says whether a task undoes migrations. */
export function undoes(task: Task): boolean {
  return (task.kind === 'apply' || task.kind === 'plan') && task.selection.direction === 'down';
}

/** The execution of such a task, and the bundle that it needed. */
export interface UndoExecution {
  readonly execution: Execution;
  /** Includes the migrations whose files are gone, if there were any. */
  readonly bundle: Bundle;
}

/**
 * Has a task executed that undoes migrations. If its runner refuses it because the files of some are gone, it sends
 * their recorded down files. These are analysed here, as the runner has no parser, and a second execution gets them in
 * its bundle.
 *
 * @param execute has the task executed once
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

/** The bundle with the recorded down files; undefined: the execution was not refused only for want of them. */
function completed(bundle: Bundle, { events, findings }: Execution): Bundle | undefined {
  const downs = events.flatMap((event) => (event.kind === 'recorded.downs' ? event.downs : []));
  const others = findings.filter(({ severity, code }) => severity === 'error' && code !== 'down-from-history');
  if (downs.length === 0 || others.length > 0) return undefined;
  const recorded = downs.map(({ body, ...one }) => ({ ...one, text: memorySource(Buffer.from(body, 'base64')) }));
  return withRecorded(bundle, recorded, { parser: createParser(), hashing: nodeHashing });
}
