import { err, ok, type Outcome } from '../../../kit/outcome.ts';
import type { Redactor } from '../../../kit/redact.ts';
import type { ProcessVariables } from '../../../kit/secret-variables.ts';
import type { Engine, RunRef } from '../../../migrate/contract/engine.ts';
import type { Hashing } from '../../../migrate/contract/ports.ts';
import { isChange } from '../../../migrate/contract/task.ts';
import type { Google } from '../../google/google.ts';
import { cancelExecution } from './cancel.ts';
import { defaultTimeoutsFor, type CloudRunContext, type EngineTimeouts } from './context.ts';
import { findRunByLabel } from './find.ts';
import { followLines } from './follow-lines.ts';
import { createFollowState, type FollowState } from './follow-state.ts';
import { registryImages, type ImageSource } from './job-image.ts';
import type { JobInput } from './job-spec.ts';
import { executionName, jobNames, type JobNames } from './names.ts';
import { prepareJob } from './prepare.ts';
import { createReadPace, type ReadPace } from './read-pace.ts';
import { removeJob, sweepJobs } from './remove.ts';
import { startJob } from './start.ts';
import type { CloudRunOptions } from './options.ts';
import { executionResultOf } from './verdict.ts';

/** What the engine is made from. */
export interface CloudRunEngineOptions {
  readonly options: CloudRunOptions;
  /** Name of the environment. */
  readonly environment: string;
  readonly google: Google;
  readonly hashing: Hashing;
  readonly redactor: Redactor;
  /** Path of the one-file runner, which becomes a layer of the image. */
  readonly runner: string;
  /** Receives progress of steps that take time. */
  readonly onProgress?: (text: string) => void;
  /** Where images come from; absent: they are built here and pushed to the project's registry. */
  readonly image?: ImageSource;
  readonly timeouts?: Partial<EngineTimeouts>;
  /** Shared with other readers of the log; absent: the engine paces its own reads. */
  readonly readPace?: ReadPace;
  /** The environment’s variables, which may name a proxy for the registry; absent: those of this process. */
  readonly env?: ProcessVariables;
}

/**
 * Creates the engine that performs tasks in Cloud Run jobs, next to a database in a private network. It makes a job and
 * its execution in one call, reads its lines from Cloud Logging, takes the exit code of its task as the verdict, and
 * deletes what it has made.
 *
 * @example
 * const engine = createCloudRunEngine({ options, environment: 'dev', google, hashing, redactor, runner });
 * const execution = await executeTask({ task, engine, bundle, … });
 */
export function createCloudRunEngine(options: CloudRunEngineOptions): Engine {
  const context = contextOf(options);
  const inputs = new Map<string, JobInput>();
  const attempts = new Map<string, number>();
  const followed = new Map<string, FollowState>();
  const pushed = new Set<string>();
  const namesOf = (run: string): JobNames =>
    jobNames(options.options, options.environment, { run, attempt: (attempts.get(run) ?? 0) + 1 }, options.hashing);
  const stateOf = (ref: RunRef): FollowState => {
    const state = followed.get(ref.location) ?? createFollowState(context, ref);
    followed.set(ref.location, state);
    return state;
  };
  return {
    name: 'cloud-run',
    async prepare(task, bundle) {
      const names = namesOf(task.run);
      const input = await prepareJob(context, task, bundle, names);
      if (!input.ok) return input;
      inputs.set(task.run, input.value);
      if (input.value.pushed === true) pushed.add(task.run);
      const { image, secretVersion } = input.value;
      return ok({ task, bundle, location: executionName(options.options, names), image, secretVersion });
    },
    locate: (run) => executionName(options.options, namesOf(run)),
    async start({ task }): Promise<Outcome<RunRef>> {
      const input = inputs.get(task.run);
      if (input === undefined) throw new Error(`run ${task.run} was not prepared here`);
      const location = await startJob(context, input);
      if (!location.ok) return err(...location.findings);
      attempts.set(task.run, (attempts.get(task.run) ?? 0) + 1);
      inputs.delete(task.run);
      const ref = { run: task.run, engine: 'cloud-run', location: location.value };
      // If its first line is missing, nothing else says so.
      stateOf(ref).readOnly = !isChange(task.kind);
      return ok(ref);
    },
    watch: (ref, leave) => followLines(context, stateOf(ref), leave),
    async result(ref) {
      const state = stateOf(ref);
      const result = await executionResultOf(context, state);
      if (result.complete) return result;
      return {
        ...result,
        ...(state.finished === undefined ? {} : { finished: state.finished }),
        ...(state.logForbidden === true ? { logForbidden: true } : {}),
      };
    },
    async cancel(ref) {
      stateOf(ref).cancelRequested = true;
      const asked = await cancelExecution(context, ref);
      stateOf(ref).cancelRequested = asked.ok && asked.value;
      return asked;
    },
    attach: (run) => findRunByLabel(context, run),
    async cleanup(ref) {
      const removed = await removeJob(context, ref);
      if (removed.ok) followed.delete(ref.location);
      // Each new image may make an old one unnecessary.
      if (pushed.delete(ref.run)) await (await import('./remove-images.ts')).removeOldImages(context);
      return removed;
    },
    sweep: () => sweepJobs(context, Date.now()),
  };
}

function contextOf(options: CloudRunEngineOptions): CloudRunContext {
  const { options: cloudRun, environment, google, hashing, redactor } = options;
  const onProgress = options.onProgress ?? (() => {});
  const timeouts = { ...defaultTimeoutsFor(cloudRun), ...options.timeouts };
  return {
    options: cloudRun,
    environment,
    google,
    hashing,
    redactor,
    image:
      options.image ??
      registryImages({
        options: cloudRun,
        environment,
        google,
        redactor,
        runner: options.runner,
        onProgress,
        env: options.env,
      }),
    timeouts,
    readPace: options.readPace ?? createReadPace(timeouts.reads),
    onProgress,
  };
}
