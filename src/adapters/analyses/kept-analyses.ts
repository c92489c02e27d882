import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import type { KeptAnalyses } from '../../migrate/contract/kept-analyses.ts';
import type { Analysis } from '../../migrate/contract/model.ts';
import { privateFolder } from '../files/private-cache.ts';
import { isAnalysis } from './analysis-shape.ts';
import { analysisCode } from './fingerprint.ts';
import { addSegment, isSegment } from './segments.ts';
import { openSegment, type Entry, type KeptSegment } from './segment.ts';

/** Analyses in this account’s cache. */
export interface KeptAnalysesStore extends KeptAnalyses {
  /** Writes what was kept since the last time. Whatever prevents it costs time the next time, and nothing else. */
  save(): void;
}

/** Larger analyses, in bytes, are made again. */
const largest = 1024 * 1024;
/** So much, in bytes, waits in memory to be written. */
const mostWaiting = 1024 * 1024;

/**
 * Opens the analyses that this account has kept, in `analyses` in its cache folder. Nothing is read before one is looked
 * for.
 *
 * @param env decides where the cache is, and whether there is one
 * @param code identity of the code that makes analyses; each has its own folder
 * @returns undefined where nothing may be kept
 * @example
 *     const kept = openKeptAnalyses({ HOME: '/home/ada' });
 *     const bundle = createBundle(options, { parser, hashing, kept });
 */
export function openKeptAnalyses(
  env: Readonly<Record<string, string | undefined>>,
  code: string | undefined = analysisCode(),
): KeptAnalysesStore | undefined {
  if (code === undefined || (env['GODWIT_NO_CACHE'] ?? '') !== '') return undefined;
  let found: { readonly folder: string | undefined } | undefined;
  let segments: readonly KeptSegment[] | undefined;
  let waiting: Entry[] = [];
  let size = 0;
  const folderOf = (): string | undefined => (found ??= { folder: privateFolder(join('analyses', code), env) }).folder;
  const write = (midway: boolean): void => {
    const folder = waiting.length === 0 ? undefined : folderOf();
    if (folder !== undefined) addSegment(folder, waiting, midway);
    waiting = [];
    size = 0;
    segments = undefined;
  };
  return {
    find(inputs) {
      segments ??= openSegments(folderOf());
      for (const segment of segments) {
        const analysis = readAnalysis(segment.find(inputs));
        if (analysis !== undefined) return analysis;
      }
      return undefined;
    },
    keep(inputs, analysis) {
      const text = Buffer.from(JSON.stringify(analysis));
      if (text.length > largest) return;
      waiting.push({ key: inputs, text });
      size += text.length;
      if (size > mostWaiting) write(true);
    },
    save: () => write(false),
  };
}

function openSegments(folder: string | undefined): readonly KeptSegment[] {
  if (folder === undefined) return [];
  try {
    const names = readdirSync(folder).filter(isSegment).sort().reverse();
    return names.map((name) => openSegment(join(folder, name))).filter((segment) => segment !== undefined);
  } catch {
    return [];
  }
}

function readAnalysis(text: string | undefined): Analysis | undefined {
  if (text === undefined) return undefined;
  try {
    const value: unknown = JSON.parse(text);
    return isAnalysis(value) ? value : undefined;
  } catch {
    return undefined;
  }
}
