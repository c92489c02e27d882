import type { Finding } from '../../kit/finding.ts';
import type { Outcome } from '../../kit/outcome.ts';
import type { Rehearsed } from './rehearsed.ts';
import type { Analysis, Migration, Role } from './model.ts';

/** One result of a message: all values as the server's text, NULL as null. */
export interface ResultSet {
  readonly columns: readonly string[];
  readonly rows: readonly (readonly (string | null)[])[];
  /** Command tag, such as `INSERT 0 1`. */
  readonly tag: string;
}

/** An error of the server, or the loss of the connection (`lost`), in PostgreSQL's own fields. */
export interface ServerError {
  readonly sqlstate: string;
  readonly message: string;
  readonly detail?: string;
  readonly hint?: string;
  /** In characters from 1, from the start of the whole message. */
  readonly position?: number;
  /** The server's context lines. */
  readonly context?: string;
  readonly schema?: string;
  readonly table?: string;
  readonly column?: string;
  readonly constraint?: string;
  /** The function in the server that raised the error: unlike the message, it is not translated. */
  readonly routine?: string;
  /** True: no answer arrived; what the server did is unknown. */
  readonly lost: boolean;
  /** Why a pooler rejected the login, if it did so only with the answer to the first message. */
  readonly rejected?: Finding;
}

/** Answer to one message. `completed` counts the statements of the message that succeeded before the error. */
export type Reply =
  | { readonly ok: true; readonly results: readonly ResultSet[] }
  | { readonly ok: false; readonly error: ServerError; readonly completed: number };

/** A message that failed: refused by the server, or lost with the connection. */
export type RefusedReply = Extract<Reply, { readonly ok: false }>;

/** Which results of a message are kept: all, none, or those from the statement with this index onwards (from 0). */
export type KeepRows = 'all' | 'none' | number;

/** One connection to the target database. Messages are answered in order; several may be in flight at once. */
export interface Session {
  /** Backend process id as reported at connection start. */
  readonly pid: number;
  /** True: it goes through a connection pooler, and each message carries the settings. */
  readonly carriesSettings?: boolean;
  /** Bytes of the messages that were sent and are not answered yet; 0: none is in flight. */
  readonly waiting: number;
  /** How many messages have been answered so far. */
  readonly answered: number;
  /** Sends one message of the simple protocol: one or more statements. Never rejects. */
  send(text: string, options?: { readonly rows?: KeepRows }): Promise<Reply>;
  /** Runs COPY … FROM stdin with `data`. Only on a session opened with `pipelined: false`. Never rejects. */
  copyIn(command: string, data: AsyncIterable<Uint8Array>): Promise<Reply>;
  /** Asks the server to cancel what this session runs; needs no further connection of the role. Never rejects. */
  cancel(): Promise<void>;
  /** Cuts the connection at once, without a Terminate message: every message in flight is answered as lost. */
  abandon(): void;
  /** Closes the connection properly; takes seconds at most, even when the server does not answer. */
  close(): Promise<void>;
  /**
   * Says goodbye without waiting until the server has ended the session: for one that holds nothing. It does not keep
   * the process alive.
   */
  leave(): void;
}

/** What a session is opened with. */
export interface SessionOptions {
  readonly pipelined: boolean;
  /** True: the connection is known to go through a pooler. */
  readonly pooled?: boolean;
  readonly applicationName: string;
  /**
   * Settings given as startup options, so that RESET ALL returns to them. A pooler that refuses them gets them with
   * each message.
   */
  readonly settings: Readonly<Record<string, string>>;
  /** Called for each NOTICE or WARNING of the server. */
  readonly onNotice?: (notice: Notice) => void;
  /** Aborted while the connection is being made: it is no longer needed. */
  readonly signal?: AbortSignal;
}

/** A notice of the server. */
export interface Notice {
  readonly severity: string;
  readonly text: string;
  /** The function in the server that raised it: unlike the text, it is not translated. */
  readonly routine?: string;
}

/** Opens sessions to one database. */
export interface Connector {
  /** The redacted target, for the first line of every run. */
  readonly target: Target;
  /** Settings that the address asks for; those of a session go before them. */
  readonly settings?: Readonly<Record<string, string>>;
  open(options: SessionOptions): Promise<Outcome<Session>>;
}

/** The database that a run connects to, without secrets. */
export interface Target {
  readonly host: string;
  readonly port: number;
  readonly database: string;
  readonly user: string;
  /** Where unqualified names go, if the URL says so. */
  readonly searchPath?: string;
}

/** Bytes that can be read by range, wherever they are. */
export interface ByteSource {
  readonly size: number;
  /** The bytes from `start` to `end` (exclusive), clipped to the size. */
  read(start: number, end: number): Promise<Uint8Array>;
}

/** One entry of a folder. `real` is its type after following links; `outside` means a link that leaves the folder. */
export interface FolderEntry {
  readonly name: string;
  readonly type: 'file' | 'folder' | 'other';
  readonly outside: boolean;
}

/** A folder of migrations, read-only. */
export interface Folder {
  /** Its name in findings, relative to the project: `migrations`. */
  readonly label: string;
  list(): Promise<Outcome<readonly FolderEntry[]>>;
  /** The bytes of a small file at once; undefined: it has to be opened. Fails as `open` does. */
  small?(name: string): Uint8Array | undefined;
  /** Opens a file of the folder; `a/b.sql` is one of the folder `a` in it. */
  open(name: string): Promise<ByteSource>;
  /** A folder in it, by its name in the list. */
  inner(name: string): Folder;
  /** What is in the folders around it up to the project, such as `../schema.prisma`. */
  around(): Promise<readonly string[]>;
}

/** SHA-256, fed in pieces. */
export interface Hash {
  update(data: Uint8Array | string): Hash;
  hex(): string;
}

/** Hashing, as a port: the core imports no crypto. */
export interface Hashing {
  sha256(): Hash;
}

/** A node of libpg-query's syntax tree: `{ CreateStmt: { … } }`. */
export type SyntaxNode = Readonly<Record<string, unknown>>;

/**
 * The parser's result for one statement. `position` is in characters from 0; with `tooDeep`, the text is not wrong, but
 * nested too deeply for the parser.
 */
export type ParseResult =
  | { readonly ok: true; readonly nodes: readonly SyntaxNode[] }
  | { readonly ok: false; readonly message: string; readonly position: number; readonly tooDeep?: true };

/** PostgreSQL's grammar. */
export interface SqlParser {
  /** Loads the parser; afterwards `parse` is synchronous. */
  load(): Promise<void>;
  parse(text: string): ParseResult;
}

/**
 * The migrations and what is known of them; content-addressed. In this process it is read lazily, elsewhere from a
 * file.
 */
export interface Bundle {
  /** SHA-256 over format version, ids, names and checksums, companions included. */
  readonly hash: string;
  /** `native`: ordered versions in a folder; `bare`: standalone scripts with ids `file:<name>`. */
  readonly layout: 'native' | 'bare';
  /** The set that the folder belongs to: its ids begin with it, except in `app`. */
  readonly set: string;
  /** True: the same files are migrations of other sets of this database too, one for each of its schemas. */
  readonly repeated?: boolean;
  readonly migrations: readonly Migration[];
  /** Everything in the folder, if `migrations` are only those that this database uses (`bundleInEffect`). */
  readonly folder?: readonly Migration[];
  /** For `adopt`, and for squashed migrations: what the migrations made on a throwaway server. */
  readonly rehearsed?: Rehearsed;
  /** Statements, segments, effects of one script; a fault lists everything that is wrong with the file. */
  analysis(migration: Migration, role: Role): Promise<Outcome<Analysis>>;
  /** The bytes of one script without BOM: what the spans of its analysis refer to. */
  body(migration: Migration, role: Role): Promise<ByteSource>;
}

/** One row of an answer: the server's texts. */
export type AnswerRow = readonly (string | null)[];
