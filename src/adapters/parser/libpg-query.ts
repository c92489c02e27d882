import { createRequire } from 'node:module';
import type * as LibPgQuery from 'libpg-query';
import type { ParseResult, SqlParser, SyntaxNode } from '../../migrate/contract/ports.ts';
import { pauseTierUp, withoutTierUp } from './wasm-tier-up.ts';

type Library = typeof LibPgQuery;

/** PostgreSQL 18's own grammar (libpg_query as WASM). The first `load` loads it, which takes about 30 ms. */
export function createParser(): SqlParser {
  let library: Library | undefined;
  return {
    async load() {
      if (library !== undefined) return;
      // Required rather than imported: the ES module loader takes 20 ms more for this CommonJS package.
      const loaded = createRequire(import.meta.url)('libpg-query') as Library;
      await withoutTierUp(async () => await loaded.loadModule());
      library = loaded;
    },
    parse(text) {
      if (library === undefined) throw new Error('SqlParser.parse was called before load');
      pauseTierUp();
      return parseWith(library, text);
    },
  };
}

function parseWith(library: Library, text: string): ParseResult {
  // The library rejects an empty text, and C strings end at NUL.
  if (text === '') return { ok: true, nodes: [] };
  if (text.includes('\0')) return { ok: false, message: 'NUL byte', position: countTo(text, text.indexOf('\0')) };
  try {
    const { stmts } = library.parseSync(text);
    // A text of comments only has no `stmts` at all.
    return { ok: true, nodes: (stmts ?? []).map(({ stmt }) => (stmt ?? {}) as SyntaxNode) };
  } catch (error) {
    if (library.hasSqlDetails(error)) {
      const refusal = { ok: false, message: error.message, position: error.sqlDetails?.cursorPosition ?? 0 } as const;
      // The grammar's own stack has 10,000 places.
      return error.message.startsWith('memory exhausted') ? { ...refusal, tooDeep: true } : refusal;
    }
    // The WASM module is out of stack or memory, or the JSON is too deep: the text exceeds the parser, but may be
    // valid.
    const reason = error instanceof Error ? error.message : String(error);
    return { ok: false, message: `too complex for the parser (${reason})`, position: 0, tooDeep: true };
  }
}

function countTo(text: string, unit: number): number {
  return Array.from(text.slice(0, unit)).length;
}
