/** Where a database is: the embedded server, or a URL held by an environment variable or written without a password. */
export type DatabaseSource = 'embedded' | { readonly env: string } | { readonly url: string };

/** One environment: a database with its policies. All keys have defaults. */
export interface EnvironmentConfig {
  /** Default: `embedded`. */
  readonly database?: DatabaseSource;
  /**
   * The server's own address, when `database` leads through a connection pooler such as PgBouncer. Godwit works through
   * this one alone.
   */
  readonly directUrl?: Exclude<DatabaseSource, 'embedded'>;
  /** Major version of the embedded server: 14 to 18. */
  readonly major?: number;
  /** Changes need a reviewed plan, or a person who types the environment's name. Default: true for `prod` and `production`. */
  readonly protected?: boolean;
  /** Which runs need a checkpoint. Default: `never` for `local`, `always` when protected, else `destructive`. */
  readonly checkpoint?: 'never' | 'destructive' | 'always';
  /** Fire triggers in a rolled-back transaction, or only inspect them. Default: `inspect` when protected, else `fire`. */
  readonly triggers?: 'fire' | 'inspect';
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
  /** Where work executes. */
  readonly engine?: 'local';
}

/** A project: its folder of migrations and its environments. */
export interface Config {
  /** Folder of migrations, relative to the configuration file. Default: `migrations`. */
  readonly migrations?: string;
  /** By name. */
  readonly environments?: Readonly<Record<string, EnvironmentConfig>>;
}
