import { fault } from '../../../kit/fault.ts';
import type { Finding, Place } from '../../../kit/finding.ts';
import type { Analysis, Statement } from '../../contract/model.ts';
import type { RefusedReply, ServerError } from '../../contract/ports.ts';
import { describe } from '../../contract/server-fault.ts';
import { findName, namesIn } from '../../../sql/names-in.ts';
import { namedBy } from '../advice/named-object.ts';
import { offsetOfStatement } from './chunks.ts';
import type { Message, MessagePiece } from './message.ts';
import { statementPlace } from '../../contract/statement-place.ts';

/** The data needed to place the failure of a message in the user's file. */
export interface Placing {
  readonly message: Message;
  readonly analysis: Analysis;
  readonly file: string;
  /** True: part of the migration is committed, because it does not run in one transaction. */
  readonly partial: boolean;
  /** Where the data of a COPY begin. */
  readonly dataLine?: number;
}

/**
 * Turns the server's refusal of a message into a finding at file, line and column. The server counts characters from
 * the start of the message; an error without a position belongs to the command after the last completed one, and to the
 * name in it that the server reports.
 */
export function placeError(refusal: RefusedReply, placing: Placing): Finding {
  const { error } = refusal;
  const { message, analysis, file } = placing;
  if (error.sqlstate === 'GW005') return existing(error, placing);
  const owner = message.owners[refusal.completed];
  const found = error.position === undefined ? undefined : pieceAt(message, error.position);
  const statement = analysis.statements[found?.piece.statement ?? (typeof owner === 'number' ? owner : -1)];
  if (statement === undefined) return unplaced(error, owner, placing);
  const where = found === undefined ? placeByCount(refusal, placing, statement) : placeIn(found, file);
  const fix = fixOf(error, analysis, statement);
  return fault(codeOf(error, placing.partial), { why: `${statement.tag}: ${describe(error)}`, where, ...fix });
}

/** IF NOT EXISTS has found something else: nothing of the migration is committed. */
function existing({ message, detail }: ServerError, { analysis, file }: Placing): Finding {
  const look = analysis.looks[Number(detail)];
  const statement = analysis.statements[look?.statement ?? -1];
  return fault('existing-differs', {
    why: `${message}.`,
    where: statement === undefined ? { file } : statementPlace(statement, file),
  });
}

function unplaced(error: ServerError, owner: number | 'before' | 'after' | undefined, placing: Placing): Finding {
  const where = { file: placing.file };
  if (error.sqlstate === 'GW003') return fault('transaction-escaped', { where });
  // A table or function of schema godwit is missing for our own commands.
  if (owner !== undefined && /^42(883|P01|703)$/.test(error.sqlstate) && error.message.includes('godwit'))
    return fault('history-damaged', { why: describe(error) });
  if (owner === 'after') return atTheEnd(error, placing);
  return fault(codeOf(error, placing.partial), { why: describe(error), where });
}

/** A deferred constraint may be named in the file that made it. */
function atTheEnd(error: ServerError, { message, file, partial }: Placing): Finding {
  const stage = 'at the end of the file, where deferred constraints are checked: ';
  const [named] = namedBy(error);
  const places = message.pieces.flatMap((piece) => {
    const name = named?.kind === 'constraint' ? findName(namesIn(piece.text), named.name) : undefined;
    return name === undefined ? [] : [placeIn({ piece, offset: name.at }, file)];
  });
  return fault(codeOf(error, partial), { why: `${stage}${describe(error)}`, where: places[0] ?? { file } });
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
  | 'serialization-failure'
  | 'taken-over'
  | 'connection-lost'
  | 'no-privilege' {
  if (error.sqlstate === 'GW001') return 'taken-over';
  // The server reports why it ended the connection; the history is read before this is reported.
  if (error.lost && !Object.hasOwn(ownTimeouts, error.sqlstate)) return 'connection-lost';
  if (partial) return 'partly-applied';
  if (error.sqlstate === '25001' || error.sqlstate === '2D000') return 'not-transactional';
  if (error.sqlstate === '55P03') return 'lock-timeout';
  if (error.sqlstate === '40P01') return 'deadlock';
  if (error.sqlstate === '40001') return 'serialization-failure';
  return 'statement-failed';
}

/** A fix that depends on the file; the others are in `advice/fixes.ts`. */
function fixOf({ sqlstate }: ServerError, { directives }: Analysis, statement: Statement): { readonly fix?: string } {
  // Inside a function, everything is inside a transaction.
  if (sqlstate === '25001' && statement.opaque) return { fix: hidden };
  const timeout = ownTimeouts[sqlstate];
  if (timeout !== undefined) return { fix: ownTimeout(timeout) };
  if (sqlstate === '2D000') return { fix: directives.transaction === 'none' ? nestedCommit : committing };
  return {};
}

/** Timeouts that end the session, and that godwit has set for itself. */
const ownTimeouts: Readonly<Record<string, string>> = {
  '25P03': 'idle_in_transaction_session_timeout',
  '25P04': 'transaction_timeout',
  '57P05': 'idle_session_timeout',
};

function ownTimeout(setting: string): string {
  return `Godwit ignores the role’s own ${setting}: this file, or a function that it calls, sets one. Raise it, or remove it.`;
}

const hidden = 'Write it as a separate statement: the server never runs it inside DO, CALL or a function.';
const committing =
  'The statement ends its own transaction. Add `-- godwit: transaction=none` as the first line of the file: its statements then run one by one, outside a transaction where necessary.';
const nestedCommit =
  'COMMIT and ROLLBACK work in DO and in procedures that CALL reaches directly, not inside of a function, or of a block with EXCEPTION.';

function pieceAt(
  message: Message,
  position: number,
): { readonly piece: MessagePiece; readonly offset: number } | undefined {
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

function placeIn(found: { readonly piece: MessagePiece; readonly offset: number }, file: string): Place {
  const { text, stretch } = found.piece;
  const head = headIndex(text, stretch);
  if (found.offset < head) return statementPlace(stretch, file);
  const lines = text.slice(head, found.offset).split('\n');
  const last = codePoints(lines.at(-1) ?? '');
  if (lines.length === 1) return { file, line: stretch.line, column: stretch.column + last };
  return { file, line: stretch.line + lines.length - 1, column: last + 1 };
}

/**
 * Without a position: the line of a COPY's data; the name in the statement that the server reports; else the statement
 * itself. In a folded range it is the statement after the completed ones.
 */
function placeByCount(refusal: RefusedReply, placing: Placing, statement: Statement): Place {
  const { file, dataLine } = placing;
  const dataRow = dataLine === undefined ? undefined : /^COPY .*?, \D+(\d+)/m.exec(refusal.error.context ?? '')?.[1];
  if (dataLine !== undefined && dataRow !== undefined) return { file, line: dataLine + Number(dataRow) - 1, column: 1 };
  const index = placing.analysis.statements.indexOf(statement);
  const piece = placing.message.pieces.find((candidate) => candidate.statement === index);
  if (piece === undefined) return statementPlace(statement, file);
  const folded = piece.stretch.count > 1;
  const behind = refusal.completed - placing.message.owners.indexOf(index);
  const start = folded ? offsetOfStatement(piece.text, behind) : headIndex(piece.text, piece.stretch);
  const offset = start + offsetOfName(refusal.error, piece.text.slice(start), { statement, folded });
  return placeIn({ piece, offset }, file);
}

/** Texts above this size are not searched for a name. */
const longestSearched = 1_000_000;

/** The offset in a statement of the name that the error reports; in a DO, from the line that was executing. */
function offsetOfName(
  error: ServerError,
  text: string,
  { statement, folded }: { readonly statement: Statement; readonly folded: boolean },
): number {
  if (text.length > longestSearched) return 0;
  const bodies = statement.tag === 'DO';
  const from = bodies ? lineAtWork(error, text) : 0;
  const names = namesIn(text, { bodies, one: folded });
  const later = names.filter(({ at }) => at >= from);
  for (const { name, of } of namedBy(error)) {
    const found = findName(later, name, of) ?? findName(names, name, of);
    if (found !== undefined) return found.at;
  }
  return from;
}

/** The server counts the lines of a DO's code from its opening quote. */
function lineAtWork({ context = '' }: ServerError, text: string): number {
  const line = Number(/inline_code_block\D+(\d+)/.exec(context)?.[1] ?? 0);
  const opening = /\$\w*\$/.exec(text);
  if (line === 0 || opening === null) return 0;
  let at = opening.index + opening[0].length;
  for (let n = 1; n < line; n += 1) {
    const end = text.indexOf('\n', at);
    if (end < 0) return 0;
    at = end + 1;
  }
  return at + (/^\s*/.exec(text.slice(at))?.[0].length ?? 0);
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
