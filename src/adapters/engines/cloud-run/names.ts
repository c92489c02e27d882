import type { Hashing } from '../../../migrate/contract/ports.ts';
import type { RunRef } from '../../../migrate/contract/engine.ts';
import type { CloudRunOptions } from './options.ts';

/** Job and execution of one attempt to perform a task. */
export interface JobNames {
  readonly job: string;
  /**
   * The part of the execution's name after the job's. We choose it, so that the name is known before anything is
   * created.
   */
  readonly token: string;
}

/**
 * The longest part of a job's name that comes from its environment. With the rest of an ephemeral job's name it makes 49
 * characters, which is what Google's documentation allows.
 */
const longestStem = 15;

/** The longest value of a label. */
const longestLabel = 63;

/** Follows the environment's name: `-godwit`. */
const mark = '-godwit';

/**
 * Names the job and the execution of a run. A name that is too long, or has characters that the platform refuses, is
 * shortened with a hash of the whole, always to the same name. A token begins with a letter, because it must be a DNS
 * label.
 *
 * @param attempt from 1: a run that waits for a checkpoint has a second execution
 */
export function jobNames(
  options: Pick<CloudRunOptions, 'job'>,
  environment: string,
  of: { run: string; attempt: number },
  hashing: Hashing,
): JobNames {
  const run = of.run.toLowerCase();
  const stem = stemOf(environment, longestStem, hashing);
  return options.job === 'stable'
    ? { job: `${stem}${mark}`, token: `r${run}-${of.attempt}` }
    : { job: `${stem}${mark}-${run}`, token: `r${of.attempt}` };
}

/** Names the stable job of an environment. */
export function stableJob(environment: string, hashing: Hashing): string {
  return jobNames({ job: 'stable' }, environment, { run: '', attempt: 1 }, hashing).job;
}

/** The environment's name as part of a resource's name: letters, digits and hyphens, starting with a letter. */
function stemOf(environment: string, most: number, hashing: Hashing): string {
  const plain = environment
    .toLowerCase()
    .replaceAll(/[^a-z0-9-]/g, '-')
    .replace(/^[^a-z]+/, '')
    .replaceAll(/-+$/g, '');
  if (plain === environment && plain.length <= most) return plain;
  return shortened(plain === '' ? 'e' : plain, environment, { most, hashing });
}

/** A valid value of a label: lower-case letters, digits, `_` and `-`, at most 63. */
export function labelValue(text: string, hashing: Hashing): string {
  const plain = text.toLowerCase().replaceAll(/[^a-z0-9_-]/g, '-');
  if (plain === text && plain.length <= longestLabel) return plain;
  return shortened(plain, text, { most: longestLabel, hashing });
}

/** Cuts a name and appends eight digits of the hash of the whole, so that two long names remain distinct. */
function shortened(
  plain: string,
  whole: string,
  { most, hashing }: { readonly most: number; readonly hashing: Hashing },
): string {
  const hash = hashing.sha256().update(whole).hex().slice(0, 8);
  return `${plain.slice(0, most - 9).replace(/-+$/, '')}-${hash}`;
}

/** Where an execution is, in the platform's own terms. */
export interface ExecutionPlace {
  readonly project: string;
  readonly region: string;
  readonly job: string;
  readonly execution: string;
}

/** The full name of an execution, which is the location of a RunRef. */
export function executionName(options: Pick<CloudRunOptions, 'project' | 'region'>, { job, token }: JobNames): string {
  return `${jobName(options, job)}/executions/${job}-${token}`;
}

/** The full name of a job. */
export function jobName({ project, region }: Pick<CloudRunOptions, 'project' | 'region'>, job: string): string {
  return `projects/${project}/locations/${region}/jobs/${job}`;
}

/** Reads the location of a run. Throws when the location is not one of this engine's. */
export function parseExecutionName({ location }: Pick<RunRef, 'location'>): ExecutionPlace {
  const parts = /^projects\/([^/]+)\/locations\/([^/]+)\/jobs\/([^/]+)\/executions\/([^/]+)$/.exec(location);
  const [, project = '', region = '', job = '', execution = ''] = parts ?? [];
  if (parts === null) throw new Error(`${location} is not an execution of a Cloud Run job`);
  return { project, region, job, execution };
}

/** The full name of the secret. */
export function secretName({ secret, project }: Pick<CloudRunOptions, 'secret' | 'project'>): string {
  return secret.startsWith('projects/') ? secret : `projects/${project}/secrets/${secret}`;
}

/** The full name of a connector. */
export function connectorName(
  { project, region }: Pick<CloudRunOptions, 'project' | 'region'>,
  connector: string,
): string {
  return connector.startsWith('projects/')
    ? connector
    : `projects/${project}/locations/${region}/connectors/${connector}`;
}
