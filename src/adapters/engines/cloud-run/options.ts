import type { GoogleService } from '../../google/services.ts';

/** How the job reaches the private network: by a Serverless VPC Access connector, or by an interface in a subnet. */
export type JobNetwork =
  | { readonly kind: 'connector'; readonly connector: string }
  | {
      readonly kind: 'direct';
      readonly network?: string;
      readonly subnetwork?: string;
      readonly tags: readonly string[];
    };

/** Where and how the jobs of one environment run, all defaults filled in. Full resource names nowhere: short ones. */
export interface CloudRunOptions {
  readonly kind: 'cloud-run';
  readonly project: string;
  readonly region: string;
  /** Cloud SQL instance as `project:region:name`; absent: it is not one, or nobody has said. */
  readonly instance?: string;
  /** Name of the secret that holds the database URL, in Secret Manager of `project`; or `projects/P/secrets/S`. */
  readonly secret: string;
  /** A version number; absent: the newest one, resolved to its number before the job is created. */
  readonly secretVersion?: string;
  readonly serviceAccount: string;
  readonly network: JobNetwork;
  readonly egress: 'private-ranges' | 'all';
  /** `ephemeral`: a job for each run, deleted after it; `stable`: one job per environment, an execution for each run. */
  readonly job: 'ephemeral' | 'stable';
  readonly image: {
    /** Any image with Node in it: the runner is laid upon it. */
    readonly base: string;
    /** What holds godwit's images: an Artifact Registry repository of `project` in `region`, or, with `/`, a place in full. */
    readonly repository: string;
    /** The user's own image, in place of `base`. */
    readonly own?: string;
    /** Path of Node inside of the image; absent: found by looking. */
    readonly node?: string;
  };
  /** Labels of the user's, beside godwit's. */
  readonly labels: Readonly<Record<string, string>>;
  /** Longest time of an execution, in milliseconds; absent: estimated from the plan. */
  readonly timeoutMs?: number;
  /** Base URLs in place of Google's, by service. */
  readonly endpoints: Readonly<Partial<Record<GoogleService, string>>>;
  /** Service account to act as. */
  readonly impersonate?: string;
}
