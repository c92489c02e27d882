import { fault } from '../../kit/fault.ts';
import type { Finding, Place } from '../../kit/finding.ts';
import type { Analysis, Statement } from '../model.ts';
import type { Reply, ServerError } from '../ports.ts';
import { describe } from '../server-fault.ts';
import { offsetOfStatement } from './chunks.ts';
import type { Message, Piece } from './message.ts';

type Refusal = Extract<Reply, { readonly ok: false }>;

/** What is needed to say where in the user's file a message failed. */
export interface Placing {
  readonly message: Message;
  readonly analysis: Analysis;
  readonly file: string;
  /** True: part of the migration stands, because it does not run in one transaction. */
  readonly partial: boolean;
}

/**
 * Turns the server's refusal of a message into a finding at file, line and column. The server counts characters from
 * the start of the message; an error without a position belongs to the command after the last completed one.
 */
export function placeError(refusal: Refusal, placing: Placing): Finding {
  const { error } = refusal;
  const { message, analysis, file } = placing;
  const owner = message.owners[refusal.completed];
  const found = error.position === undefined ? undefined : pieceAt(message, error.position);
  const statement = analysis.statements[found?.piece.statement ?? (typeof owner === 'number' ? owner : -1)];
  if (statement === undefined) return unplaced(error, owner, placing);
  const where = found === undefined ? placeByCount(refusal, placing, statement) : placeIn(found, file);
  return fault(codeOf(error, placing.partial), { why: `${statement.tag}: ${describe(error)}`, where, ...fixOf(error) });
}

function unplaced(error: ServerError, owner: number | 'before' | 'after' | undefined, placing: Placing): Finding {
  const where = { file: placing.file };
  if (error.sqlstate === 'GW003') return fault('transaction-escaped', { where });
  // Our own commands found a table or function of schema godwit missing.
  if (owner !== undefined && /^42(883|P01|703)$/.test(error.sqlstate) && error.message.includes('godwit'))
    return fault('history-damaged', { why: describe(error) });
  const stage = owner === 'after' ? 'at the end of the file, where deferred constraints are checked: ' : '';
  return fault(codeOf(error, placing.partial), { why: `${stage}${describe(error)}`, where, ...fixOf(error) });
}

function codeOf(
  error: ServerError,
  partial: boolean,
):
  | 'statement-failed'
  | 'partly-applied'
  | 'not-transactional'
  | 'lock-timeout'
  | 'deadlock'
  | 'taken-over'
  | 'connection-lost'
  | 'no-privilege' {
  if (error.sqlstate === 'GW001') return 'taken-over';
  if (error.lost) return 'connection-lost';
  if (partial) return 'partly-applied';
  if (error.sqlstate === '25001') return 'not-transactional';
  if (error.sqlstate === '55P03') return 'lock-timeout';
  if (error.sqlstate === '40P01') return 'deadlock';
  return 'statement-failed';
}

/** A cure for the errors that people meet most; otherwise the catalogue's own. */
function fixOf(error: ServerError): { readonly fix?: string } {
  const fix = fixes[error.sqlstate];
  return fix === undefined ? {} : { fix };
}

const fixes: Readonly<Record<string, string>> = {
  '42P07':
    'The object is there already. If it belongs to this migration, record it with `godwit adopt`; otherwise choose another name.',
  '42710':
    'The object is there already. If it belongs to this migration, record it with `godwit adopt`; otherwise choose another name.',
  '42P01': 'Create the table first, in an earlier migration, or correct its name or schema.',
  '42703': 'Correct the column’s name, or add the column before this statement.',
  '23505': 'Rows that break the unique key are there already: remove or merge them first.',
  '23502': 'Rows without a value are there already: fill them first, or give the column a default.',
  '23503': 'Rows point to something that does not exist: add it or remove them first.',
  '23514': 'Rows that break the check are there already: correct them first.',
  '42501': 'Grant the privilege to the role that godwit connects as, or connect as the owner.',
  '57014':
    'If the statement may take longer, say so in the file: `-- godwit: statement-timeout=10min` (0 for no limit). If somebody cancelled it, run the same command again.',
  '55P04':
    'A new enum value cannot be used in the transaction that adds it: put ALTER TYPE … ADD VALUE into a migration of its own.',
  '2BP01': 'Other objects depend on this one: drop them first, by name. CASCADE would drop them silently.',
};

/** The place of a statement's first token. */
export function placeOf(statement: Pick<Statement, 'line' | 'column'>, file: string): Place {
  return { file, line: statement.line, column: statement.column };
}

function pieceAt(message: Message, position: number): { readonly piece: Piece; readonly offset: number } | undefined {
  const at = utf16Index(message.text, position - 1);
  const piece = message.pieces.findLast((candidate) => candidate.at <= at);
  if (piece === undefined || at > piece.at + piece.text.length) return undefined;
  return { piece, offset: at - piece.at };
}

/** The server counts code points, JavaScript counts UTF-16 units. */
function utf16Index(text: string, codePoints: number): number {
  let index = 0;
  for (let n = 0; n < codePoints && index < text.length; n += 1)
    index += (text.codePointAt(index) ?? 0) > 0xffff ? 2 : 1;
  return index;
}

function placeIn(found: { readonly piece: Piece; readonly offset: number }, file: string): Place {
  const { text, stretch } = found.piece;
  const head = headIndex(text, stretch);
  if (found.offset < head) return placeOf(stretch, file);
  const lines = text.slice(head, found.offset).split('\n');
  const last = codePoints(lines.at(-1) ?? '');
  if (lines.length === 1) return { file, line: stretch.line, column: stretch.column + last };
  return { file, line: stretch.line + lines.length - 1, column: last + 1 };
}

/** Without a position: the statement itself, or inside a folded range the one after those that were completed. */
function placeByCount(refusal: Refusal, placing: Placing, statement: Statement): Place {
  const index = placing.analysis.statements.indexOf(statement);
  const piece = placing.message.pieces.find((candidate) => candidate.statement === index);
  if (piece === undefined || piece.stretch.count === 1) return placeOf(statement, placing.file);
  const behind = refusal.completed - placing.message.owners.indexOf(index);
  return placeIn({ piece, offset: offsetOfStatement(piece.text, behind) }, placing.file);
}

function codePoints(text: string): number {
  let count = 0;
  for (const _ of text) count += 1;
  return count;
}

/** UTF-16 index of the statement's first token inside its text, which begins with its comments. */
function headIndex(text: string, stretch: Pick<Statement, 'start' | 'head'>): number {
  let bytes = stretch.head - stretch.start;
  let index = 0;
  while (bytes > 0 && index < text.length) {
    const point = text.codePointAt(index) ?? 0;
    bytes -= point < 0x80 ? 1 : point < 0x800 ? 2 : point < 0x10000 ? 3 : 4;
    index += point > 0xffff ? 2 : 1;
  }
  return index;
}
