import type { Finding } from '../../kit/finding.ts';
import type { Outcome } from '../../kit/outcome.ts';
import type { Section } from '../contract/model.ts';
import type { ByteSource } from '../contract/ports.ts';
import type { Layout } from '../contract/tool.ts';
import { readFileName, type FileName } from './file-name.ts';

/** How a layout names, orders and divides its files. Paths are relative to the folder. */
export interface Convention {
  readonly layout: Layout;
  nameOf(path: string): FileName;
  /** True: the version alone tells which migration a companion belongs to. */
  readonly byVersion?: true;
  /** True: the tool knows migrations by their names, and several may have one version. */
  readonly sharesVersions?: true;
  /** The order in which the tool runs files. Absent: that of the versions. */
  readonly order?: (a: string, b: string) => number;
  /** What the tool's own history calls a migration. */
  readonly knownAs?: (path: string, version: string) => string;
  /** What a file itself, or a setting beside it, says about how it runs. `source` is the file without BOM. */
  readonly manner?: (path: string, file: string, source: ByteSource) => Promise<Manner>;
  /** Present: a file holds both directions. */
  readonly divide?: (source: ByteSource, file: string) => Promise<Outcome<DividedFile>>;
}

/** How a file runs. */
export interface Manner {
  readonly transaction?: 'none';
  /** Why it cannot be read. */
  readonly findings: readonly Finding[];
}

/** The sections of a file. */
export interface DividedFile {
  /** Absent: the file has no marks, and is the way forward as a whole. */
  readonly up?: DividedSection;
  /** Absent: the file has none, or one without statements. */
  readonly down?: DividedSection;
}

/** A section, and whether its tool runs it outside a transaction. */
export interface DividedSection extends Section {
  readonly transaction?: 'none';
}

/** `<version>_<name>.sql`, with optional `.down.sql` and `.verify.sql`. */
export const nativeConvention: Convention = { layout: 'native', nameOf: readFileName };
