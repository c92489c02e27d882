import type { Descriptors } from '../proto/descriptor-model.ts';
import type { Executor } from '../executors/executor.ts';
import type { ImageSource } from '../executors/image-source.ts';
import type { Disturbance, Faults } from './faults.ts';
import type { Iam } from './iam.ts';
import type { OperationStore } from './operations.ts';

/** The record of one call. */
export interface RecordedCall {
  /** Short name of the service: `run`. */
  readonly service: string;
  readonly method: string;
  readonly principal: string;
  /** The permissions that were checked, with their resources. */
  readonly needs: readonly { readonly permission: string; readonly resource: string }[];
  /** `OK`, or the status name. */
  readonly status: string;
  readonly transport: 'rest' | 'grpc';
}

/** Everything that one emulator knows; services keep their own state in a `perWorld` place. */
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
  /** How the log disturbs its readers; undefined: only as Google's always may. */
  readonly disturbance: Disturbance | undefined;
  now(): string;
  /** Registers a callback for when the emulator stops, to end processes and timers. */
  onStop(stop: () => Promise<void> | void): void;
}

/**
 * A place for a service's own state, made on its first use in a world.
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
