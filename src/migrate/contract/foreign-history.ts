import type { Tool } from './tool.ts';

/** One migration that the history table of another tool holds as applied. */
export interface ForeignEntry {
  /** Empty: the table holds no version. */
  readonly version: string;
  /** The name of the file, of its folder or of the change, as the table has it; empty: none. */
  readonly name: string;
  /** The tool's own hash of the file; empty: none. */
  readonly hash: string;
  /** When the tool applied it, ISO 8601; empty: not known. */
  readonly at: string;
  /** True: it stands for everything up to its version. */
  readonly upTo?: true;
}

/** What the history table of another tool holds. */
export interface ForeignHistory {
  readonly tool: Tool;
  /** Qualified and quoted, as SQL needs it. */
  readonly table: string;
  /** In the tool's order. */
  readonly entries: readonly ForeignEntry[];
  /** Why its state is not settled, as text: failed, dirty, locked. */
  readonly unsettled: readonly string[];
  /** Why the table cannot be read; empty: it was read. */
  readonly unreadable: string;
}

/** What is reported of another tool's history next to an empty one of godwit. */
export interface ForeignSummary extends Pick<ForeignHistory, 'tool' | 'table' | 'unsettled' | 'unreadable'> {
  /** How many migrations it holds as applied; one entry may stand for everything before it. */
  readonly entries: number;
}
