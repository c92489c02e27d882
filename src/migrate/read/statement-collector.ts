import type { Finding } from '../../kit/finding.ts';
import { createTokenWriter } from '../../sql/token-text.ts';
import type { Piece, SplitStep } from '../../sql/stream.ts';
import type { Statement } from '../contract/model.ts';
import type { Hashing, SqlParser } from '../contract/ports.ts';
import { parsePiece } from './parse-statement.ts';
import type { ParsedStatement } from './parsed-statement.ts';
import { startSeedRun, continues, hashOfRun, type HeldStatement, type SeedRun } from './seed-run.ts';

/** What a collector works with. */
export interface CollectorOptions {
  readonly file: string;
  readonly parser: SqlParser;
  readonly hashing: Hashing;
  /** A run of at least this many like INSERTs becomes one range. */
  readonly foldFrom: number;
  readonly findings: Finding[];
}

/** Turns the splitter's pieces into parsed statements and folds runs of seed INSERTs. */
export interface StatementCollector {
  take(step: SplitStep): void;
  /** The statements, in order. Call it once, at the end. */
  finish(): readonly ParsedStatement[];
}

export function createCollector(options: CollectorOptions): StatementCollector {
  const statements: ParsedStatement[] = [];
  let run: SeedRun | undefined;

  const single = (held: HeldStatement): void => {
    const parsed = parseHeld(options, held);
    if (parsed !== undefined) statements.push(parsed);
  };
  const closeRun = (): void => {
    const ended = run;
    run = undefined;
    if (ended === undefined) return;
    if (ended.count < options.foldFrom) {
      for (const held of ended.held) single(held);
      return;
    }
    const first = parseHeld(options, ended.first);
    if (first === undefined) return;
    const folded = { end: ended.end, count: ended.count, hash: hashOfRun(ended) };
    statements.push({ ...first, statement: { ...first.statement, ...folded } });
  };

  return {
    take({ pieces, bytes, base }) {
      for (const piece of pieces) {
        // The lexer has already reported the piece; its place in the order is lost, but the analysis fails anyway.
        if (piece.broken) {
          closeRun();
          continue;
        }
        if (run !== undefined && piece.joined && continues(run, bytes, piece.head - base, piece.end - base)) {
          run.count += 1;
          run.end = piece.end;
          if (run.count < options.foldFrom) run.held.push(hold(piece, bytes, base));
          else run.held.length = 0;
          continue;
        }
        closeRun();
        const held = hold(piece, bytes, base);
        run = piece.kind === 'sql' ? startSeedRun(held, options.hashing) : undefined;
        if (run === undefined) single(held);
      }
    },
    finish() {
      closeRun();
      return statements;
    },
  };
}

function hold(piece: Piece, bytes: Uint8Array, base: number): HeldStatement {
  // The COPY command may be in an earlier window than the end of its rows: then the splitter has kept it.
  return { piece, bytes: piece.command ?? bytes.slice(piece.head - base, piece.end - base) };
}

function parseHeld(options: CollectorOptions, held: HeldStatement): ParsedStatement | undefined {
  const { piece, bytes } = held;
  const result = parsePiece(options.parser, piece, bytes, options.file);
  if ('finding' in result) {
    options.findings.push(result.finding);
    return undefined;
  }
  const { node, text, about } = result.parsed;
  const statement: Statement = {
    start: piece.start,
    head: piece.head,
    end: piece.end,
    line: piece.line,
    column: piece.column,
    count: 1,
    kind: piece.kind,
    ...(piece.data === undefined ? {} : { data: piece.data }),
    ...about,
    hash: hashOf(options.hashing, bytes),
  };
  const where = { file: options.file, line: piece.line, column: piece.column };
  return { node, text, start: piece.head, statement, where, frozen: false };
}

function hashOf(hashing: Hashing, bytes: Uint8Array): string {
  const hash = hashing.sha256();
  const writer = createTokenWriter((part) => hash.update(part));
  writer.write(bytes, 0, bytes.length);
  writer.flush();
  return hash.hex();
}
