import { join } from 'node:path';

import type { EmbeddedProgress } from '../../../adapters/embedded/fetch.ts';
import { fault } from '../../../kit/fault.ts';
import { bad, type Outcome } from '../../../kit/outcome.ts';

/** What every `db` command gets from the command line. */
export interface DbContext {
  /** The project's folder; its server lives in `.godwit/postgres`. */
  readonly projectDir: string;
  /** Writes one line for programs (standard output). */
  readonly write: (line: string) => void;
  /** Writes one line for people (standard error). */
  readonly note: (line: string) => void;
  readonly env?: NodeJS.ProcessEnv;
  readonly signal?: AbortSignal;
}

/** The folder of a project's embedded server. */
export function embeddedFolder(projectDir: string): string {
  return join(projectDir, '.godwit', 'postgres');
}

/** One line for what happens while a server is fetched or prepared. */
export function progressLine({ step, message }: EmbeddedProgress): string {
  const words = {
    wait: 'Waiting',
    download: 'Downloading',
    verify: 'Verifying',
    unpack: 'Unpacking',
    initialise: 'Preparing',
  };
  return `${words[step]}: ${message}`;
}

/** Turns a folder that belongs to somebody else into its fault. */
export async function orNotYours<T>(work: () => Promise<Outcome<T>>): Promise<Outcome<T>> {
  try {
    return await work();
  } catch (error) {
    const { code, path } = error as NodeJS.ErrnoException;
    if (code === 'EACCES' || code === 'EPERM')
      return bad(fault('embedded-not-yours', { why: `This account may not use ${path ?? 'the folder'}.` }));
    throw error;
  }
}
