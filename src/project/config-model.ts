/**
 * Where a database is: the embedded server, or a URL held by an environment variable, written without a password, or
 * held by a secret that only the engine reads.
 */
export type DatabaseSource =
  | 'embedded'
  | { readonly env: string }
  | { readonly url: string }
  | { readonly secret: string; readonly version?: string };

/** Work is executed by Cloud Run jobs, inside the private network of a Google Cloud project. */
export interface CloudRunConfig {
  readonly kind: 'cloud-run';
  /** Id of the Google Cloud project. */
  readonly project: string;
  /** Default: `us-central1`. */
  readonly region?: string;
  /** Cloud SQL instance: its name, or `project:region:name`. It is what checkpoints are taken of. */
  readonly instance?: string;
  /** `ephemeral` (default): a job for each run; `stable`: one job per environment. */
  readonly job?: 'ephemeral' | 'stable';
  /** Service account that the job runs as. Default: `{env}-cloud-run-sa@{project}.iam.gserviceaccount.com`. */
  readonly serviceAccount?: string;
  /** The way into the private network. Default: the connector `{env}-cloud-run-connector`. */
  readonly network?:
    | { readonly connector: string }
    | { readonly network?: string; readonly subnetwork?: string; readonly tags?: readonly string[] };
  /** What goes that way: addresses of private ranges (default), or everything. */
  readonly egress?: 'private-ranges' | 'all';
  /** What the job runs in. */
  readonly image?: {
    /** Any image with Node. Default: `docker.io/library/node:22-slim`. */
    readonly base?: string;
    /** Artifact Registry repository for godwit's images, or a place in another registry. Default: `godwit`. */
    readonly repository?: string;
    /** An image of your own, in place of the base. */
    readonly own?: string;
    /** Path of Node inside of it, where looking does not find it. */
    readonly node?: string;
  };
  /** Labels for jobs and executions. */
  readonly labels?: Readonly<Record<string, string>>;
  /** Longest time of an execution, such as `2h`. Default: estimated from the plan. */
  readonly timeout?: string;
  /** Base URLs in place of Google's, by service: `{ run: 'https://…' }`. */
  readonly endpoints?: Readonly<Record<string, string>>;
  /** Service account to act as, in place of your own credentials. */
  readonly impersonate?: string;
}

/** A command of your own that follows a run, next to the database. */
export interface HookConfig {
  /** Letters, digits, `_` and `-`; by it is known whether the hook has passed. */
  readonly name: string;
  /** The program and its arguments; no shell reads them. */
  readonly command: readonly string[];
  /** With a cloud engine: the image that it is executed in. Default: that of the engine. */
  readonly image?: string;
  /** How long it may take, such as `10min`. Default: no limit. */
  readonly timeout?: string;
}

/** How `verify` judges. */
interface VerifyConfig {
  /**
   * Objects whose differences are notes and never fail: qualified names with `*` and `?`, with the kind in front if
   * wanted, such as `public.partman_*` or `index public.tmp_*`.
   */
  readonly ignore?: readonly string[];
}

/** One environment: a database with its policies. All keys have defaults. */
export interface EnvironmentConfig {
  /** Default: `embedded`. */
  readonly database?: DatabaseSource;
  /**
   * The server's own address, when `database` leads through a connection pooler such as PgBouncer. Godwit works through
   * this one alone.
   */
  readonly directUrl?: { readonly env: string } | { readonly url: string };
  /** Major version of the embedded server: 14 to 18. */
  readonly major?: number;
  /** Changes need a reviewed plan, or a person who types the environment's name. Default: true for `prod` and `production`. */
  readonly protected?: boolean;
  /** Which runs need a checkpoint. Default: `never` for `local`, `always` when protected, else `destructive`. */
  readonly checkpoint?: 'never' | 'destructive' | 'always';
  /** Fire triggers in a rolled-back transaction, or only inspect them. Default: `inspect` when protected, else `fire`. */
  readonly triggers?: 'fire' | 'inspect';
  /**
   * What `up` does where migrations are applied that are newer than every file, as after an application was rolled back:
   * `warn` (default), or `refuse`.
   */
  readonly ahead?: 'warn' | 'refuse';
  /** How `verify` judges, beside what the project says. */
  readonly verify?: VerifyConfig;
  /** How considerate runs are while they wait for locks; see docs/locks.md. */
  readonly locks?: {
    /** How long a migration may go on trying for a lock that stalls others, such as `10min`. Default: `5min`. */
    readonly budget?: string;
    /** How long one wait of a concurrent build for old transactions may last. Default: `30min`. */
    readonly concurrent?: string;
    /** A statement that waits steps back when more sessions than this wait behind it. Default: 10. */
    readonly waiters?: number;
  };
  /** Folder of migrations, when it differs from that of the project. */
  readonly migrations?: string;
  /** What follows a run: each hook is executed after a good `up`, unless it has passed with the same migrations. */
  readonly after?: { readonly up?: readonly HookConfig[] };
  /** Name of the environment that must have all migrations, with its hooks passed, before this one gets them. */
  readonly requires?: string;
  /**
   * `copied-from NAME`: the database is replaced by copies of that environment's again and again. The first run that
   * changes a copy makes it this environment's own; it is not pinned.
   */
  readonly identity?: `copied-from ${string}`;
  /** Where work executes. Default: `local`, this machine. */
  readonly engine?: 'local' | CloudRunConfig;
}

/** A project: its folder of migrations and its environments. */
export interface Config {
  /** Of `godwit.config.json`: `./node_modules/godwit/schemas/config.json`, by which editors complete and check. */
  readonly $schema?: string;
  /** Folder of migrations, relative to the configuration file. Default: `migrations`. */
  readonly migrations?: string;
  /**
   * Name of the project's set of migrations, where several repositories use one database: each set has versions of its own.
   * Default: `app`.
   */
  readonly set?: string;
  /** How `verify` judges, in all environments. */
  readonly verify?: VerifyConfig;
  /** By name. */
  readonly environments?: Readonly<Record<string, EnvironmentConfig>>;
}
