import type { Analysis } from '../contract/model.ts';
import type { ByteSource } from '../contract/ports.ts';

/** An empty file, in place of the file of a migration of which only the down text is known. */
export const nothing: ByteSource = { size: 0, read: () => Promise.resolve(new Uint8Array(0)) };

/** The analysis of an empty text. */
export const nothingAnalysed: Analysis = {
  size: 0,
  bom: 0,
  statements: [],
  segments: [],
  absorbed: 0,
  directives: { frozen: false, allow: [], expect: [] },
  looks: [],
  rows: [],
  seeds: [],
  findings: [],
};
