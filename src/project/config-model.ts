import type { LayoutChoice } from '../migrate/contract/tool.ts';

/**
 * Where a database is: the embedded server, or a URL in an environment variable, in the configuration without a
 * password, or in a secret that only the engine reads.
 */
export type DatabaseSource =
  | 'embedded'
  | { readonly env: string }
  | { readonly url: string }
  | { readonly secret: string; readonly version?: string };

/** Has Cloud Run jobs execute the work, inside the private network of a Google Cloud project. */
export interface CloudRunConfig {
  readonly kind: 'cloud-run';
  /** Id of the Google Cloud project. */
  readonly project: string;
  /** Default: `us-central1`. */
  readonly region?: string;
  /** Cloud SQL instance that checkpoints are taken of: its name, or `project:region:name`. */
  readonly instance?: string;
  /** `ephemeral` (default): a job for each run; `stable`: one job per environment. */
  readonly job?: 'ephemeral' | 'stable';
  /** Service account that the job runs as. Default: `{env}-cloud-run-sa@{project}.iam.gserviceaccount.com`. */
  readonly serviceAccount?: string;
  /** The way into the private network. Default: the connector `{env}-cloud-run-connector`. */
  readonly network?:
    | { readonly connector: string }
    | { readonly network?: string; readonly subnetwork?: string; readonly tags?: readonly string[] };
  /** Traffic that goes through that network: addresses of private ranges (default), or everything. */
  readonly egress?: 'private-ranges' | 'all';
  /** The image that the job runs in. */
  readonly image?: {
    /** Any image with Node. Default: `docker.io/library/node:22-slim`. */
    readonly base?: string;
    /**
     * Artifact Registry repository for godwit's images, or its full name; Cloud Run also starts images from gcr.io and
     * docker.io. Default: `godwit`.
     */
    readonly repository?: string;
    /** An image of your own, in place of the base. */
    readonly own?: string;
    /** Path of Node inside the image, if it is not found automatically. */
    readonly node?: string;
  };
  /** Labels for jobs and executions. */
  readonly labels?: Readonly<Record<string, string>>;
  /** Longest time of an execution, such as `2h`. Default: estimated from the plan. */
  readonly timeout?: string;
  /** Where Cloud Logging keeps the lines of jobs and the ledger. Needed when log sinks route them elsewhere. */
  readonly logs?: {
    /** `projects/P`, or log views: `projects/P/locations/L/buckets/B/views/V`. Default: the project. */
    readonly resourceNames: readonly string[];
  };
  /**
   * Binary Authorization of the job, where an organization policy demands it: `default`, or the full name of a policy,
   * `projects/P/platforms/cloudRun/policies/NAME`.
   */
  readonly binaryAuthorization?: string;
  /** Key of Cloud KMS that encrypts the job: `projects/P/locations/L/keyRings/R/cryptoKeys/K`. */
  readonly encryptionKey?: string;
  /** Base URLs in place of Google's, by service: `{ run: 'https://…' }`. */
  readonly endpoints?: Readonly<Record<string, string>>;
  /** Service account to act as, in place of your own credentials. */
  readonly impersonate?: string;
}

/** A command of your own that follows a run, next to the database. */
export interface HookConfig {
  /** Letters, digits, `_` and `-`; identifies the hook when godwit checks whether it has passed. */
  readonly name: string;
  /** The program and its arguments; no shell interprets them. */
  readonly command: readonly string[];
  /** With a cloud engine: the image that the command is executed in. Default: that of the engine. */
  readonly image?: string;
  /** How long the command may take, such as `10min`. Default: no limit. */
  readonly timeout?: string;
}

/** How `verify` judges. */
interface VerifyConfig {
  /**
   * Objects whose differences are notes and never fail: qualified names with `*` and `?`, optionally preceded by the
   * kind, such as `public.partman_*` or `index public.tmp_*`.
   */
  readonly ignore?: readonly string[];
}

/** One environment: a database with its policies. All keys have defaults. */
export interface EnvironmentConfig {
  /** Default: `embedded`. */
  readonly database?: DatabaseSource;
  /**
   * The server's own address, when `database` leads through a connection pooler such as PgBouncer. Godwit uses only
   * this address.
   */
  readonly directUrl?: { readonly env: string } | { readonly url: string };
  /** Major version of the embedded server: 14 to 18. */
  readonly major?: number;
  /** Changes need a reviewed plan, or the typed name of the environment. Default: true for `prod` and `production`. */
  readonly protected?: boolean;
  /** Which runs need a checkpoint. Default: `never` for `local`, `always` when protected, else `destructive`. */
  readonly checkpoint?: 'never' | 'destructive' | 'always';
  /** Fire triggers in a rolled-back transaction, or only inspect them. Default: `inspect` if protected, else `fire`. */
  readonly triggers?: 'fire' | 'inspect';
  /**
   * What `up` does when applied migrations are newer than every file, as after an application was rolled back: `warn`
   * (default), or `refuse`.
   */
  readonly ahead?: 'warn' | 'refuse';
  /** Whether `up` gives each migration its own transaction (`each`, the default), or applies all in one (`all`). */
  readonly tx?: 'each' | 'all';
  /** How `verify` judges, in addition to the settings of the project. */
  readonly verify?: VerifyConfig;
  /** Limits for runs that wait for locks; see docs/locks.md. */
  readonly locks?: {
    /** How long a migration may keep trying for a lock that stalls others, such as `10min`. Default: `5min`. */
    readonly budget?: string;
    /** How long a concurrent build may wait for old transactions at a time. Default: `30min`. */
    readonly concurrent?: string;
    /** A statement that waits steps back when more sessions than this wait behind it. Default: 10. */
    readonly waiters?: number;
  };
  /** Folder of migrations, when it differs from that of the project. */
  readonly migrations?: string;
  /** Hooks that follow a run: each is executed after a successful `up`, unless it passed with the same migrations. */
  readonly after?: { readonly up?: readonly HookConfig[] };
  /** Name of the environment that must have all migrations, with its hooks passed, before this one gets them. */
  readonly requires?: string;
  /**
   * `copied-from NAME`: copies of that environment's database regularly replace this one. The first run that changes a
   * copy makes it this environment's own; the environment is not pinned.
   */
  readonly identity?: `copied-from ${string}`;
  /** Where work executes. Default: `local`, this machine. */
  readonly engine?: 'local' | CloudRunConfig;
}

/** A project: its folder of migrations and its environments. */
export interface Config {
  /** In `godwit.config.json`: `./node_modules/godwit/schemas/config.json`, with which editors complete and check. */
  readonly $schema?: string;
  /** Folder of migrations, relative to the configuration file. Default: `migrations`. */
  readonly migrations?: string;
  /**
   * How the folder names and divides its migrations: `auto` (default) looks at the folder; a name such as `goose` does
   * not.
   */
  readonly layout?: LayoutChoice;
  /**
   * Name of the project's set of migrations, if several repositories use one database: each set has its own
   * versions. Default: `app`.
   */
  readonly set?: string;
  /** A file with environment variables such as DATABASE_URL, relative to the configuration file: `.env`. */
  readonly envFile?: string;
  /** How `verify` judges, in all environments. */
  readonly verify?: VerifyConfig;
  /** By name. */
  readonly environments?: Readonly<Record<string, EnvironmentConfig>>;
}
