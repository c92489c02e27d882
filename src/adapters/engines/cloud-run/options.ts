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

/** Where and how the jobs of one environment run, with all defaults filled in. All resource names are short ones. */
export interface CloudRunOptions {
  readonly kind: 'cloud-run';
  readonly project: string;
  readonly region: string;
  /** Cloud SQL instance as `project:region:name`; absent when the database is not one, or it is not configured. */
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
    /** Any image that contains Node; the runner is added to it as a layer. */
    readonly base: string;
    /**
     * Where godwit's images are kept: an Artifact Registry repository of `project` in `region`, or, with `/`, a full
     * name.
     */
    readonly repository: string;
    /** The user's own image, in place of `base`. */
    readonly own?: string;
    /** Path of Node inside the image; absent: it is searched for. */
    readonly node?: string;
  };
  /** The user's labels, in addition to godwit's. */
  readonly labels: Readonly<Record<string, string>>;
  /** Longest time of an execution, in milliseconds; absent: estimated from the plan. */
  readonly timeoutMs?: number;
  /**
   * Where Cloud Logging keeps the lines of jobs and the ledger: the project, unless its log sinks route them elsewhere.
   * `projects/P`, or a log view.
   */
  readonly logs: readonly string[];
  /** `default`, or the full name of a policy of Binary Authorization. */
  readonly binaryAuthorization?: string;
  /** Full name of a key of Cloud KMS. */
  readonly encryptionKey?: string;
  /** Base URLs in place of Google's, by service. */
  readonly endpoints: Readonly<Partial<Record<GoogleService, string>>>;
  /** Service account to impersonate. */
  readonly impersonate?: string;
}
