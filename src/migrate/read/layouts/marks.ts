import { decodeUtf8 } from '../../../sql/encoding.ts';
import { tokensOf } from '../../../sql/lexer.ts';
import type { Tool } from '../../contract/tool.ts';

/** A line with which a tool divides or heads its files. */
export interface ToolMark {
  readonly tool: Tool;
  /** The line, trimmed. */
  readonly text: string;
  /** From 1. */
  readonly line: number;
}

/** Is one of these in the text, in any letters? Looking for it is cheap; most files have none. */
const needle = /migrat|\+goose|liquibase|-- deploy /i;

/** A line that by its tool's own rules is a mark, and that nobody writes as a remark. */
const markLines: readonly { readonly tool: Tool; readonly line: RegExp }[] = [
  { tool: 'dbmate', line: /^--\s*migrate:(?:up|down)(?:\s|$)/ },
  { tool: 'goose', line: /^--.*\+goose\s+(?:[Uu][Pp]|[Dd][Oo][Ww][Nn]|StatementBegin|NO TRANSACTION)\s*$/ },
  { tool: 'sql-migrate', line: /^-- \+migrate (?:Up|Down)(?:\s|$)/ },
  // The other one, `-- Up Migration`, is a heading that people write as well; alone it divides nothing.
  { tool: 'node-pg-migrate', line: /^--[\s-]*down migration[\s-]*$/i },
  { tool: 'liquibase', line: /^--\s*liquibase formatted sql/i },
  { tool: 'sqitch', line: /^-- Deploy \S+ to \w+/ },
];

/**
 * The first mark of a tool in a text. What only looks like one in a string, a dollar quote or a block comment does not
 * count.
 *
 * @param bytes the beginning of a file, or all of it, without BOM
 * @param decoded these bytes as text, if they are decoded already
 */
export function findMark(bytes: Uint8Array, decoded: string = decodeUtf8(bytes)): ToolMark | undefined {
  if (!needle.test(decoded)) return undefined;
  let line = 1;
  let counted = 0;
  for (const { kind, start, end } of tokensOf(bytes, 0, bytes.length)) {
    if (kind !== 'line-comment') continue;
    const text = decodeUtf8(bytes.subarray(start, end)).trim();
    const found = markLines.find((one) => one.line.test(text));
    if (found === undefined) continue;
    for (; counted < start; counted += 1) if (bytes[counted] === 10) line += 1;
    return { tool: found.tool, text, line };
  }
  return undefined;
}
