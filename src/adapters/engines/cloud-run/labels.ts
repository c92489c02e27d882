import type { Hashing } from '../../../migrate/contract/ports.ts';
import { labelValue } from './names.ts';
import type { CloudRunOptions } from './options.ts';

/** The labels by which jobs and executions are found. */
export const runLabel = 'godwit-run';
export const environmentLabel = 'godwit-env';
/** Identifies which of a run's executions a job was made for. */
export const tokenLabel = 'godwit-token';

/** What the labels describe. */
export interface Labelled {
  readonly run: string;
  readonly environment: string;
  readonly bundle: string;
  readonly tool: string;
  readonly token: string;
}

/** The labels of job and execution: the user's, and godwit's own. */
export function labelsOf(
  options: Pick<CloudRunOptions, 'labels'>,
  of: Labelled,
  hashing: Hashing,
): Readonly<Record<string, string>> {
  return {
    ...options.labels,
    [runLabel]: of.run.toLowerCase(),
    [environmentLabel]: labelValue(of.environment, hashing),
    'godwit-bundle': of.bundle.slice(0, 12),
    'godwit-tool': of.tool
      .toLowerCase()
      .replaceAll(/[^a-z0-9_-]/g, '-')
      .slice(0, 63),
    [tokenLabel]: of.token,
  };
}

/** True when a job or an execution was made for this execution of the run. */
export function isOurs(
  { task, names }: { readonly task: { readonly run: string }; readonly names: { readonly token: string } },
  { labels = {} }: { readonly labels?: Readonly<Record<string, string>> },
): boolean {
  return labels[runLabel] === task.run.toLowerCase() && labels[tokenLabel] === names.token;
}
