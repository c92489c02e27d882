import { fault } from '../../kit/fault.ts';
import type { Finding } from '../../kit/finding.ts';
import { nodeOf, textOf, treeOf } from '../../sql/syntax-tree.ts';
import type { Segment } from '../contract/model.ts';
import type { ParsedStatement } from './parsed-statement.ts';

/** Something that lives in the session, made by one statement. */
interface SessionThing {
  readonly what: string;
  /** Name by which later statements would use it; absent: it matters as long as the session lasts. */
  readonly name?: string;
  /** True: it ends with its transaction (ON COMMIT DROP); after that, the server reports that it does not exist. */
  readonly brief?: boolean;
}

/** Reports what would be lost at borders between transactions. */
export interface SessionBorders {
  /** Is something made by one of the statements from `from` to `index` used after `index`? */
  crosses(from: number, index: number): boolean;
  /** What a part of the file leaves in the session for a later part, which may run on another connection. */
  findings(segments: readonly Segment[]): readonly Finding[];
}

/**
 * A file that runs in several parts may resume on another connection: temporary tables and views, prepared statements,
 * cursors, session locks and savepoints do not reach from one part into another.
 * @param savepoints Which savepoint a RELEASE or ROLLBACK TO means, by index.
 */
export function createSessionBorders(
  statements: readonly ParsedStatement[],
  savepoints: ReadonlyMap<number, number>,
): SessionBorders {
  const userOf = (maker: number, last: number): { thing: SessionThing; user: ParsedStatement } | undefined => {
    const made = statements[maker];
    const thing = made === undefined ? undefined : sessionThing(made);
    if (thing === undefined || statements.slice(maker + 1, last + 1).some((one) => ends(one, thing))) return undefined;
    const user = statements.slice(last + 1).find((later) => uses(later, thing));
    return user === undefined ? undefined : { thing, user };
  };
  return {
    crosses(from, index) {
      for (const [user, maker] of savepoints) if (from <= maker && maker <= index && index < user) return true;
      for (let maker = from; maker <= index; maker += 1) if (userOf(maker, index) !== undefined) return true;
      return false;
    },
    findings(segments) {
      const findings: Finding[] = [];
      for (const { first, last } of segments.slice(0, -1)) {
        for (let maker = first; maker <= last; maker += 1) {
          const found = userOf(maker, last);
          const where = statements[maker]?.where;
          if (found === undefined || where === undefined || found.thing.brief === true) continue;
          const { thing, user } = found;
          const why =
            thing.name === undefined
              ? `${thing.what} would be held until the end of the file, but the file runs in ${segments.length} parts.`
              : `${thing.what} is used on line ${user.where.line ?? 0}, in a later part of the file.`;
          findings.push(fault('sql-crosses-border', { why, where }));
        }
      }
      return [...findings, ...brokenSavepoints(statements, segments, savepoints)];
    },
  };
}

function brokenSavepoints(
  statements: readonly ParsedStatement[],
  segments: readonly Segment[],
  savepoints: ReadonlyMap<number, number>,
): readonly Finding[] {
  return [...savepoints].flatMap(([user, maker]) => {
    const { statement, where } = statements[user] ?? {};
    if (statement === undefined || segments.some(({ first, last }) => first <= maker && user <= last)) return [];
    const why = `The savepoint was made on line ${statements[maker]?.where.line ?? 0}, in an earlier part of the file; it ended with that part.`;
    const fix =
      'Keep SAVEPOINT, ROLLBACK TO and RELEASE in one part: move what ends it (COMMIT, or a statement that cannot run in a transaction) before or after them.';
    return [fault('sql-crosses-border', { why, fix, ...(where === undefined ? {} : { where }) })];
  });
}

function ends({ node, text }: ParsedStatement, thing: SessionThing): boolean {
  if (thing.name === undefined) return /\bpg_advisory_unlock/i.test(text);
  return /^(?:Drop|Deallocate|ClosePortal|Discard)Stmt$/.test(nodeOf(node).type) && mentions(text, thing.name);
}

function uses({ text }: ParsedStatement, thing: SessionThing): boolean {
  return thing.name === undefined || mentions(text, thing.name);
}

function mentions(text: string, of: string): boolean {
  const name = of.replaceAll(/[.*+?^${}()|[\]\\]/g, '\\$&');
  return new RegExp(`(?<![\\w$])${name}(?![\\w$])`, 'iu').test(text);
}

function sessionThing({ node, text }: ParsedStatement): SessionThing | undefined {
  const { type, fields } = nodeOf(node);
  switch (type) {
    case 'CreateStmt':
      return temporary(fields['relation'], 'The temporary table', fields['oncommit']);
    case 'CreateTableAsStmt':
      return temporaryInto(fields['into']);
    case 'ViewStmt':
      return temporary(fields['view'], 'The temporary view');
    case 'CreateSeqStmt':
      return temporary(fields['sequence'], 'The temporary sequence');
    case 'PrepareStmt':
      return named('The prepared statement', textOf(fields['name']));
    case 'DeclareCursorStmt':
      return named('The cursor', textOf(fields['portalname']));
    case 'SelectStmt':
      return temporaryInto(fields['intoClause']) ?? sessionLock(text);
    case 'DoStmt':
      return sessionLock(text);
    default:
      return undefined;
  }
}

function named(what: string, name: string): SessionThing {
  return { what: `${what} ${name}`, name };
}

function temporaryInto(into: unknown): SessionThing | undefined {
  const { rel, onCommit } = treeOf(into);
  return temporary(rel, 'The temporary table', onCommit);
}

function temporary(relation: unknown, what: string, onCommit?: unknown): SessionThing | undefined {
  const fields = treeOf(relation);
  const name = textOf(fields['relname']);
  const isTemporary = fields['relpersistence'] === 't' || textOf(fields['schemaname']) === 'pg_temp';
  if (name === '' || !isTemporary) return undefined;
  return { ...named(what, name), ...(onCommit === 'ONCOMMIT_DROP' ? { brief: true } : {}) };
}

function sessionLock(text: string): SessionThing | undefined {
  const found = /\bpg_(?:try_)?advisory_lock(?:_shared)?\b/i.exec(text)?.[0];
  return found === undefined ? undefined : { what: `A session lock (${found.toLowerCase()})` };
}
