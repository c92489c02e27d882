import { fault } from '../../kit/fault.ts';
import type { Finding } from '../../kit/finding.ts';
import { nodeOf, textOf, treeOf } from '../../sql/syntax-tree.ts';
import type { Segment } from '../model.ts';
import type { ParsedStatement } from './parsed-statement.ts';

/** Something that lives in the session, made by one statement. */
interface SessionThing {
  readonly what: string;
  /** Name by which later statements would use it; absent: it matters as long as the session lasts. */
  readonly name?: string;
}

/**
 * A file that runs in several parts may resume on another connection. Finds what a part leaves in the session for a
 * later part to use: temporary tables and views, prepared statements, cursors, session locks.
 */
export function findCrossings(
  statements: readonly ParsedStatement[],
  segments: readonly Segment[],
): readonly Finding[] {
  if (segments.length < 2) return [];
  const findings: Finding[] = [];
  for (const segment of segments.slice(0, -1)) {
    for (const maker of statements.slice(segment.first, segment.last + 1)) {
      const thing = sessionThing(maker);
      if (thing === undefined) continue;
      const user = statements.slice(segment.last + 1).find((later) => uses(later, thing));
      if (user === undefined) continue;
      const why =
        thing.name === undefined
          ? `${thing.what} would be held until the end of the file, but the file runs in ${segments.length} parts.`
          : `${thing.what} is used on line ${user.where.line ?? 0}, in a later part of the file.`;
      findings.push(fault('sql-crosses-border', { why, where: maker.where }));
    }
  }
  return findings;
}

function uses(statement: ParsedStatement, thing: SessionThing): boolean {
  if (thing.name === undefined) return true;
  const name = thing.name.replaceAll(/[.*+?^${}()|[\]\\]/g, '\\$&');
  return new RegExp(`(?<![\\w$])${name}(?![\\w$])`, 'iu').test(statement.text);
}

function sessionThing({ node, text }: ParsedStatement): SessionThing | undefined {
  const { type, fields } = nodeOf(node);
  switch (type) {
    case 'CreateStmt':
      return temporary(fields['relation'], 'The temporary table');
    case 'CreateTableAsStmt':
      return temporary(treeOf(fields['into'])['rel'], 'The temporary table');
    case 'ViewStmt':
      return temporary(fields['view'], 'The temporary view');
    case 'CreateSeqStmt':
      return temporary(fields['sequence'], 'The temporary sequence');
    case 'PrepareStmt':
      return named('The prepared statement', textOf(fields['name']));
    case 'DeclareCursorStmt':
      return named('The cursor', textOf(fields['portalname']));
    case 'SelectStmt':
      return temporary(treeOf(fields['intoClause'])['rel'], 'The temporary table') ?? sessionLock(text);
    case 'DoStmt':
      return sessionLock(text);
    default:
      return undefined;
  }
}

function named(what: string, name: string): SessionThing {
  return { what: `${what} ${name}`, name };
}

function temporary(relation: unknown, what: string): SessionThing | undefined {
  const fields = treeOf(relation);
  const name = textOf(fields['relname']);
  const isTemporary = fields['relpersistence'] === 't' || textOf(fields['schemaname']) === 'pg_temp';
  return name !== '' && isTemporary ? named(what, name) : undefined;
}

function sessionLock(text: string): SessionThing | undefined {
  const found = /\bpg_(?:try_)?advisory_lock(?:_shared)?\b/i.exec(text)?.[0];
  return found === undefined ? undefined : { what: `A session lock (${found.toLowerCase()})` };
}
