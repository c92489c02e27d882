import type { FaultCode } from '../../kit/catalogue/index.ts';
import { fault } from '../../kit/fault.ts';
import type { Finding, Place } from '../../kit/finding.ts';
import { classify, leadingWords, type Classification } from '../../sql/classify.ts';
import { decodeUtf8 } from '../../sql/encoding.ts';
import { positionAfter, unitOfCharacter } from '../../sql/position.ts';
import { changesOwnSchema } from '../../sql/own-schema.ts';
import type { Piece } from '../../sql/split.ts';
import { refusedSetting } from '../../sql/session-setting.ts';
import { nodeOf, type Tree } from '../../sql/syntax-tree.ts';
import type { ParseResult, SqlParser, SyntaxNode } from '../contract/ports.ts';

/** A statement that PostgreSQL's grammar accepts. */
export interface Parsed {
  readonly node: SyntaxNode;
  readonly text: string;
  readonly about: Classification;
}

/** Parses each statement separately, so that one broken statement does not hide the others. */
export function parsePiece(
  parser: SqlParser,
  piece: Piece,
  bytes: Uint8Array,
  file: string,
): { readonly parsed: Parsed } | { readonly finding: Finding } {
  const text = decodeUtf8(bytes);
  const result = parser.parse(text);
  const where = { file, line: piece.line, column: piece.column };
  if (!result.ok) return { finding: syntaxFinding(text, result, where) };
  const [node] = result.nodes;
  if (node === undefined || result.nodes.length !== 1) {
    const why = `PostgreSQL’s grammar sees ${result.nodes.length} statements here instead of one.`;
    return { finding: fault('sql-syntax', { why, where }) };
  }
  const refused = refusalOf(node, text);
  if (refused !== undefined) return { finding: fault(refused, { where }) };
  return { parsed: { node, text, about: classify(node, { text, leading: leadingWords(bytes, 0, bytes.length) }) } };
}

function refusalOf(node: SyntaxNode, text: string): FaultCode | undefined {
  if (unnamedConcurrently(node)) return 'sql-index-unnamed';
  return changesOwnSchema(node, text) ? 'sql-own-schema' : refusedSetting(node);
}

function unnamedConcurrently(node: Tree): boolean {
  const { type, fields } = nodeOf(node);
  return type === 'IndexStmt' && fields['concurrent'] === true && fields['idxname'] === undefined;
}

/** The message quotes the file: characters that could control a terminal, and excess length, are removed. */
export function printable(message: string): string {
  const text = message.replaceAll(/\p{Cc}/gu, ' ');
  return text.length > 200 ? `${text.slice(0, 200)}…` : text;
}

/** Words that begin a statement: if one of them is unexpected at the start of a line, a semicolon is missing. */
const beginners = /^(?:ALTER|COMMENT|CREATE|DELETE|DO|DROP|GRANT|INSERT|REVOKE|SELECT|SET|TRUNCATE|UPDATE|WITH)$/i;

function syntaxFinding(text: string, refusal: Extract<ParseResult, { ok: false }>, head: Required<Place>): Finding {
  const { message, position } = refusal;
  const place = positionAfter(head, text, position);
  const where = { file: head.file, line: place.line, column: place.column };
  if (refusal.tooDeep === true) return fault('sql-too-deep', { where });
  const at = unitOfCharacter(text, position);
  const behind = text.slice(at, at + 80);
  const variable = /^:(?:[A-Za-z_]\w*|'[^']*'|"[^"]*"|\{\?\w+\})/.exec(behind)?.[0];
  if (variable !== undefined && message.includes('at or near ":"')) {
    return fault('sql-psql-variable', {
      why: `\`${variable}\` is a psql variable; the server does not know it.`,
      where,
    });
  }
  const why = `PostgreSQL reports: ${printable(message)}.`;
  const word = /^[A-Za-z]+/.exec(behind)?.[0] ?? '';
  const before = text.slice(Math.max(0, at - 80), at);
  if (beginners.test(word) && /\n[ \t]*$/.test(before)) {
    const fix = `A semicolon may be missing before ${word.toUpperCase()} on line ${place.line}.`;
    return fault('sql-syntax', { why, fix, where });
  }
  return fault('sql-syntax', { why, where });
}
