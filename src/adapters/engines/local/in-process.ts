import { fault } from '../../../kit/fault.ts';
import { err, ok, type Outcome } from '../../../kit/outcome.ts';
import type { Redactor } from '../../../kit/redact.ts';
import type { Engine, ExecutionResult, Prepared, RunRef } from '../../../migrate/contract/engine.ts';
import type { RunEvent } from '../../../migrate/contract/event.ts';
import { perform } from '../../../migrate/runner/perform.ts';
import type { Bundle, Connector, Hashing } from '../../../migrate/contract/ports.ts';
import type { RunnerPorts } from '../../../migrate/contract/runner-ports.ts';
import type { Task } from '../../../migrate/contract/task.ts';
import { processSuspension } from '../../process-suspension.ts';
import type { SpawnerOptions } from '../../exec/spawner.ts';
import { runnerClock } from '../../runner-clock.ts';
import { EventQueue } from './event-queue.ts';

/** What the engine passes to the runner. */
export interface LocalEngineOptions {
  readonly connector: Connector;
  readonly hashing: Hashing;
  /** True: other runs are under way in this process, so that each one opens no connection before it needs it. */
  readonly sparing?: boolean;
  /** The environment in which commands are executed; absent: commands are not executed. */
  readonly commands?: SpawnerOptions & { readonly redactor: Redactor };
}

interface InProcessExecution {
  readonly events: EventQueue<RunEvent>;
  readonly exit: Promise<number>;
  readonly controller: AbortController;
}

/** Creates the engine that performs tasks in this process, for databases that this machine can reach. */
export function createInProcessEngine(options: LocalEngineOptions): Engine {
  const executions = new Map<string, InProcessExecution>();
  const find = (ref: RunRef): InProcessExecution => {
    const execution = executions.get(ref.run);
    if (execution === undefined) throw new Error(`run ${ref.run} was not started here`);
    return execution;
  };
  return {
    name: 'local',
    prepare: (task: Task, bundle: Bundle) => Promise.resolve(ok({ task, bundle, location: '' })),
    start(prepared: Prepared): Promise<Outcome<RunRef>> {
      const { run } = prepared.task;
      executions.set(run, execute(prepared, options));
      return Promise.resolve(ok({ run, engine: 'local', location: '' }));
    },
    watch: (ref) => find(ref).events,
    async result(ref): Promise<ExecutionResult> {
      return { exitCode: await find(ref).exit, complete: true };
    },
    cancel(ref) {
      find(ref).controller.abort();
      return Promise.resolve(ok(true));
    },
    attach: (run) => Promise.resolve(err(fault('unknown-run', { why: `Run ${run} is not one of this process.` }))),
    cleanup(ref) {
      executions.delete(ref.run);
      return Promise.resolve(ok(undefined));
    },
    sweep: () => Promise.resolve([]),
  };
}

function execute(prepared: Prepared, options: LocalEngineOptions): InProcessExecution {
  const events = new EventQueue<RunEvent>();
  const controller = new AbortController();
  // Ctrl-Z stops this process like any other; when it continues, the runner checks what it missed.
  const suspension = processSuspension({ holds: false });
  const exit = perform(prepared.task, {
    connector: options.connector,
    hashing: options.hashing,
    bundle: prepared.bundle,
    emit: (event) => events.push(event),
    ...runnerClock(controller.signal),
    ...commandsOf(options),
    ...(options.sparing === true ? { controlWhenAsked: true } : {}),
    suspension,
    signal: controller.signal,
  }).finally(() => {
    suspension[Symbol.dispose]();
    events.end();
  });
  return { events, exit, controller };
}

function commandsOf({ commands }: LocalEngineOptions): Pick<RunnerPorts, 'spawner' | 'redactor'> {
  if (commands === undefined) return {};
  const { redactor, ...options } = commands;
  return {
    redactor,
    spawner: {
      // Loaded only for the tasks that need it.
      async start(command, variables, onOutput) {
        const { createSpawner } = await import('../../exec/spawner.ts');
        return await createSpawner(options).start(command, variables, onOutput);
      },
    },
  };
}
