import type { RowStatement } from '../../contract/rehearsed.ts';
import type { DraftStatement } from './drop-statement.ts';

/** The contents of a draft's head. */
export interface DraftHead {
  readonly version: string;
  /** File of the migration. */
  readonly file: string;
  /** Statements that change rows, or may do so. */
  readonly rows: readonly RowStatement[];
  /** Statements that change what belongs to the whole server, or what is not described. */
  readonly elsewhere: readonly RowStatement[];
}

const notDescribed =
  /^(?:CREATE|ALTER|DROP) (?:ROLE|DATABASE|TABLESPACE|SUBSCRIPTION|USER MAPPING)$|^(?:GRANT|REVOKE) ROLE$|^ALTER SYSTEM$|^SECURITY LABEL$|^REASSIGN OWNED$/;

/** Is the effect of this statement invisible in the objects of the database? */
export function changesElsewhere({ tag }: Pick<RowStatement, 'tag'>): boolean {
  return notDescribed.test(tag);
}

/** What the reader of a draft must complete, as text. */
export function gapsOf(
  lines: readonly DraftStatement[],
  head: Pick<DraftHead, 'rows' | 'elsewhere'>,
): readonly string[] {
  return [...rowNotes(head), ...lines.flatMap((line) => ('gap' in line ? [line.gap] : []))];
}

/** The draft as a file. */
export function draftText(lines: readonly DraftStatement[], head: DraftHead): string {
  // Some layouts call every file `migration.sql`: there the folder's name tells.
  const name = /(?:[^/]+\/migration\.sql|[^/]+)$/.exec(head.file)?.[0] ?? head.file;
  return [
    `-- Undoes ${name}. Drafted by \`godwit down --draft ${head.version}\`: read it before you use it.`,
    ...rowNotes(head).map(comment),
    '',
    ...lines.map((line) => ('sql' in line ? `${line.sql};` : comment(line.gap))),
    '',
  ].join('\n');
}

function rowNotes({ rows, elsewhere }: Pick<DraftHead, 'rows' | 'elsewhere'>): readonly string[] {
  return [
    ...rows.map(({ tag, line }) => `${tag} in line ${line} may change rows, which this draft does not undo.`),
    ...elsewhere.map(
      ({ tag, line }) => `${tag} in line ${line} does not change an object, so this draft does not undo it.`,
    ),
  ];
}

function comment(text: string): string {
  return text
    .split('\n')
    .map((line) => `-- ${line}`)
    .join('\n');
}
