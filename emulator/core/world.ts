import type { Descriptors } from '../proto/descriptor-model.ts';
import type { Executor } from '../executors/executor.ts';
import type { ImageSource } from '../executors/image-source.ts';
import type { Faults } from './faults.ts';
import type { Iam } from './iam.ts';
import type { OperationStore } from './operations.ts';

/** What is written down about every call. */
export interface RecordedCall {
  /** Short name of the service: `run`. */
  readonly service: string;
  readonly method: string;
  readonly principal: string;
  /** The permissions that were asked for, with their resources. */
  readonly needs: readonly { readonly permission: string; readonly resource: string }[];
  /** `OK`, or the status name. */
  readonly status: string;
  readonly transport: 'rest' | 'grpc';
}

/** Everything that one emulator knows; services keep their own part in a `perWorld` place. */
export interface World {
  readonly descriptors: Descriptors;
  readonly operations: OperationStore;
  readonly iam: Iam;
  readonly faults: Faults;
  readonly calls: RecordedCall[];
  readonly executor: Executor;
  readonly images: ImageSource;
  /** Between SIGTERM and SIGKILL; documentation: 10 seconds. */
  readonly graceMs: number;
  now(): string;
  /** Runs when the emulator stops: processes and timers end here. */
  onStop(stop: () => Promise<void> | void): void;
}

/**
 * A place for a service's own state, made when it is first asked for in a world.
 *
 * @example
 * const jobs = perWorld(() => new Map<string, JobRecord>());
 * jobs(call.world).set(name, record);
 */
export function perWorld<State>(make: (world: World) => State): (world: World) => State {
  const states = new WeakMap<World, { readonly state: State }>();
  return (world) => {
    const known = states.get(world);
    if (known !== undefined) return known.state;
    const state = make(world);
    states.set(world, { state });
    return state;
  };
}
