import type { Finding, Place } from '../../kit/finding.ts';
import type { Leaving } from '../../sql/leaves.ts';
import type { Outside } from '../../sql/outside.ts';
import type { Lock } from '../../sql/locks/lock.ts';
import type { Look } from './look.ts';
import type { LockClass } from '../../sql/locks.ts';
import type { Replaces } from '../../sql/replaces.ts';
import type { RowChange } from './row-change.ts';
import type { SeedStep } from './seed-step.ts';

/** One SQL file of a migration as found on disk: its bytes are read only when they are needed. */
export interface ScriptFile {
  /** Path relative to the project, with `/` as separator: what findings show. */
  readonly file: string;
  /** SHA-256 (hex) of the bytes without BOM and with LF line ends. */
  readonly checksum: string;
  /** Its tool runs it outside a transaction, as `transaction=none` does. */
  readonly transaction?: 'none';
  /** Bytes on disk, BOM included; of a section its own bytes. */
  readonly size: number;
  /** Present: it is a section of a file that holds both directions. */
  readonly section?: Section;
}

/** A part of a file, in bytes of the file without BOM. Its checksum and its spans are those of these bytes alone. */
export interface Section {
  readonly start: number;
  readonly end: number;
  /** Line of its first byte in the file, from 1. */
  readonly line: number;
}

/**
 * One versioned SQL file with its companions. `id` is the version as a canonical integer ("1" for 0001_users.sql), with
 * `<set>:` in front in a set of its own; or `file:<name>` for a standalone script.
 */
export interface Migration {
  readonly id: string;
  /** The part of the file name that people read: `users` of 0001_users.sql; the whole name of a standalone script. */
  readonly name: string;
  readonly up: ScriptFile;
  readonly down?: ScriptFile;
  readonly verify?: ScriptFile;
  /**
   * True: its files are gone, and `down` is the text that the history has stored. Only the checksum of `up` is known.
   */
  readonly recorded?: true;
  /** The migrations that it was squashed from: where these are applied, it is recorded and not executed. */
  readonly replaces?: Replaces;
  /** What the tool of its layout calls it in its own history; absent in the native layout. */
  readonly knownAs?: string;
}

/** Which script of a migration is meant. */
export type Role = 'up' | 'down' | 'verify';

/** A statement, or a run of like statements (seed INSERTs) folded into one range, by byte spans of the body without BOM. */
export interface Statement {
  /** First byte; comments before the statement belong to it. */
  readonly start: number;
  /** First byte of the first token. */
  readonly head: number;
  /** Byte after the last token; the semicolon is not part of it. */
  readonly end: number;
  /** Place of `head`, from 1; columns count characters. */
  readonly line: number;
  readonly column: number;
  /** How many statements the range holds (1 unless folded). */
  readonly count: number;
  /** Command tag as the server reports it: `CREATE TABLE`, `INSERT`, … */
  readonly tag: string;
  readonly kind: 'sql' | 'copy-in';
  /** COPY … FROM stdin: span of its inline data, without the closing `\.` line. */
  readonly data?: { readonly start: number; readonly end: number };
  /** False: the server refuses it inside a transaction (CREATE INDEX CONCURRENTLY, VACUUM, …). */
  readonly transactional: boolean;
  /** The rows or objects that it destroys, as text: `drops table users`. */
  readonly destroys?: string;
  /** True: its text does not show what it does (DO, EXECUTE, CALL). */
  readonly opaque: boolean;
  /** How its effect is looked up when it runs outside a transaction; absent if it cannot be. */
  readonly outside?: Outside;
  /** How long it may wait for locks; absent if that does not matter, or if the file sets it. */
  readonly lock?: LockClass;
  /** What a statement with a short lock wait locks, as far as its text shows. */
  readonly locks?: readonly Lock[];
  /** ROLLBACK TO: index of the SAVEPOINT that it returns to. */
  readonly backTo?: number;
  /** What it may leave changed in the session, as far as its text shows. */
  readonly leaves?: readonly Leaving[];
  /** Hash over its tokens without comments: identity of the statement. */
  readonly hash: string;
}

/** Consecutive statements that run together: one transaction, or one standalone statement outside any transaction. */
export interface Segment {
  readonly kind: 'transaction' | 'standalone';
  /** Indexes into `Analysis.statements`, both inclusive. */
  readonly first: number;
  readonly last: number;
  /** The transaction modes that the file asks for; absent: READ COMMITTED and READ WRITE, the default of every run. */
  readonly modes?: { readonly isolation?: 'REPEATABLE READ' | 'SERIALIZABLE'; readonly readOnly?: true };
}

/** `-- godwit: expect <query> => <literal>` */
export interface Expectation {
  readonly query: string;
  /** The literal's text as written (`3`, `'ok'`, `true`, `null`). */
  readonly expected: string;
  readonly where: Place;
}

/** The directives of a file: SQL comments that start with `godwit:`. */
export interface Directives {
  /** `transaction=none`: statement by statement, each on its own. */
  readonly transaction?: 'none';
  /** `lock-timeout=5s`, as PostgreSQL writes it. */
  readonly lockTimeout?: string;
  /** `statement-timeout=10min` */
  readonly statementTimeout?: string;
  /** Seed rows stay strict: an edited one is a failure, not a warning. */
  readonly frozen: boolean;
  /** `allow=drop-column reason="…"` */
  readonly allow: readonly { readonly rule: string; readonly reason: string; readonly where: Place }[];
  readonly expect: readonly Expectation[];
  /** `verify=inside`: the user's checks run in the migration's own transaction, before it is recorded. */
  readonly verifyInside?: Place;
  /** `replaces 1..50`; `offset` is the byte of its comment. */
  readonly replaces?: Replaces & { readonly where: Place; readonly offset: number };
}

/** What the text of one script shows. Made once by the controller; travels in the bundle. */
export interface Analysis {
  /** Bytes of the body (without BOM) that the spans refer to. */
  readonly size: number;
  /** Bytes of BOM to skip in the file: 0 or 3. */
  readonly bom: 0 | 3;
  readonly statements: readonly Statement[];
  readonly segments: readonly Segment[];
  /** How many statements that control transactions (BEGIN, COMMIT, SET TRANSACTION) were absorbed into the segments. */
  readonly absorbed: number;
  readonly directives: Directives;
  /** What statements with IF NOT EXISTS may have found, in their order. */
  readonly looks: readonly Look[];
  /** What the statements do to rows and to the names of tables and columns, in order. */
  readonly rows: readonly RowChange[];
  /** The rows that it inserts as literals. */
  readonly seeds: readonly SeedStep[];
  /** Warnings and notes (an error makes the analysis fail instead). */
  readonly findings: readonly Finding[];
}

/** How a migration runs: in one transaction, in several segments, or each statement on its own. */
export type Mode = 'transaction' | 'mixed' | 'none';

/** One migration that would run. */
export interface PlanStep {
  readonly id: string;
  readonly name: string;
  readonly file: string;
  readonly direction: 'up' | 'down';
  readonly checksum: string;
  /** True: the text is the one that the history has stored; there is no file. */
  readonly recorded?: true;
  /** True: it is applied, and only the part that a `down` has undone is done again. */
  readonly resumes?: true;
  readonly mode: Mode;
  /** Number of statements, folded ones counted. */
  readonly statements: number;
  /** Statement tags with how often each occurs, in order of first appearance. */
  readonly does: readonly { readonly tag: string; readonly count: number }[];
  /** What it destroys, as text, with the place. */
  readonly destroys: readonly { readonly what: string; readonly where: Place }[];
  /** A squashed migration that is recorded, not executed: how many applied ones it replaces. */
  readonly standsFor?: number;
}

/** What would run now, in order. */
export interface Plan {
  /**
   * SHA-256 of canonical JSON of format, environment id, ordered ids with checksums and modes, and the head of the
   * history; no paths, times or tool version.
   */
  readonly hash: string;
  /** Random id of the environment, kept in the database; empty before the first run. */
  readonly environment: string;
  /** Head of the history that the plan was made for; empty before the first run. */
  readonly head: string;
  /** Present: its steps share one transaction. Part of the hash. */
  readonly tx?: 'all';
  readonly steps: readonly PlanStep[];
}

/** One thing that a migration did, as the server reports it. */
export interface Change {
  readonly change: 'created' | 'changed' | 'dropped';
  /** An `ObjectKind`, or `row`: those of a table that it wrote with a literal key. For readers the set is open. */
  readonly kind: string;
  /** Qualified: `public.users`, `public.users.email`, `public.f(integer)`; of rows the table’s. */
  readonly name: string;
  /** How many rows; only for `row`. */
  readonly rows?: number;
  /** Id of the migration that created it, or that changed or dropped it last. */
  readonly migration: string;
  /** True: a part of what was created or dropped along with it. */
  readonly within: boolean;
  /** True: it differed from the baseline when the run began. */
  readonly hadDrifted: boolean;
}

/** One check of verification and its result. */
export interface Check {
  /** A `CheckKind`. For readers the set is open: later versions check more. */
  readonly kind: string;
  /** What was checked, by its qualified name. */
  readonly object: string;
  readonly ok: boolean;
  /** When not ok: `error` fails the run, `warning` and `note` inform. */
  readonly severity: 'error' | 'warning' | 'note';
  readonly expected: string;
  readonly actual: string;
  readonly where: Place;
  /** Id of the migration that states it, or that wrote the object last. */
  readonly migration: string;
  /** The run that did. */
  readonly run?: string;
  /** The missing column that took it along, by its qualified name: screens show it with that one. */
  readonly along?: string;
  /** The pattern of the configuration that makes it a note. */
  readonly ignoredBy?: string;
}
