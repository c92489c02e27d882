import { rangesText, type Replaces } from '../../../sql/replaces.ts';
import { decodeUtf8 } from '../../../sql/encoding.ts';
import type { Analysis, Expectation, Segment, Statement } from '../../contract/model.ts';
import { withoutConcurrently } from './without-concurrently.ts';

/** A migration that is squashed. */
export interface Original {
  readonly file: string;
  readonly analysis: Analysis;
  /** Its bytes, to which the spans of the analysis refer. */
  readonly body: Uint8Array;
}

/**
 * How the statements are arranged in the file: `whole` in one transaction; `parts` in the transactions in which they
 * ran, which always has the same effect.
 */
export type Form = 'whole' | 'parts';

/** What a squashed file is written from. */
export interface ComposeOptions {
  readonly form: Form;
  /** Version as it is typed. */
  readonly version: string;
  readonly replaces: Replaces;
  /** Expectations that do not hold after the last migration. */
  readonly without: ReadonlySet<Expectation>;
}

/** A squashed file. */
export interface Composed {
  readonly text: string;
  /** What was changed or left out, as text. */
  readonly changes: readonly string[];
}

/** Writes the statements of migrations, in their order and in their own bytes, as one file for new databases. */
export function compose(originals: readonly Original[], options: ComposeOptions): Composed {
  const parts = originals.map((original) => partOf(original, options.form));
  const dropped = originals.flatMap(({ file, analysis }) => droppedDirectives(file, analysis, options.without));
  const changes = [...grouped(parts.flatMap(({ changes: own }) => own)), ...dropped];
  const texts: string[] = [];
  for (const [index, { text }] of parts.entries()) {
    const [before, original] = [originals[index - 1], originals[index]];
    const border = before === undefined ? '' : between(before, original, options.form);
    texts.push(`${border}-- ${nameOf(original?.file ?? '')}\n${text}`);
  }
  return { text: `${head(originals, options, changes)}\n${texts.join('\n')}`, changes };
}

function head(originals: readonly Original[], options: ComposeOptions, changes: readonly string[]): string {
  const { replaces, version } = options;
  const count = replaces.count === undefined ? '' : ` count=${replaces.count}`;
  return [
    `-- godwit: replaces ${rangesText(replaces)}${count}`,
    `-- Written by \`godwit squash ${version}\`. Where all of these are applied, godwit records this file without executing it.`,
    ...changes.map((change) => `-- ${change}`),
    ...keptDirectives(originals, options.without),
    '',
  ].join('\n');
}

function keptDirectives(originals: readonly Original[], without: ComposeOptions['without']): readonly string[] {
  const all = originals.map(({ analysis }) => analysis.directives);
  const allowed = all.flatMap(({ allow }) =>
    allow.map(({ rule, reason }) => `-- godwit: allow=${rule} reason="${reason}"`),
  );
  const expected = all
    .flatMap(({ expect }) => expect)
    .filter((one) => !without.has(one))
    .map(expectText);
  const frozen = all.some((one) => one.frozen) ? ['-- godwit: frozen'] : [];
  return [...frozen, ...new Set(allowed), ...new Set(expected)];
}

/** An expectation as a directive. */
export function expectText({ query, expected }: Expectation): string {
  return `-- godwit: expect ${query.replaceAll(/\s+/g, ' ')} => ${expected}`;
}

/** Lock waits and concurrent builds do not matter in a database that is being created. */
function droppedDirectives(
  file: string,
  { directives }: Analysis,
  without: ComposeOptions['without'],
): readonly string[] {
  const { expect, verifyInside } = directives;
  return [
    ...expect
      .filter((one) => without.has(one))
      .map(({ query }) => `${nameOf(file)}: expect ${query} does not hold after the last migration and is omitted.`),
    ...(verifyInside === undefined ? [] : [`${nameOf(file)}: its checks run after the commit, not inside.`]),
  ];
}

interface SquashChange {
  readonly place: string;
  readonly why: string;
}

interface SquashPart {
  readonly text: string;
  readonly changes: readonly SquashChange[];
}

/** The same change of many statements is reported once, with the first of their places. */
function grouped(changes: readonly SquashChange[]): readonly string[] {
  const places = new Map<string, string[]>();
  for (const { place, why } of changes) places.set(why, [...(places.get(why) ?? []), place]);
  return [...places].map(([why, [first = '', ...more]]) =>
    more.length === 0 ? `${first}: ${why}` : `${first} and ${more.length} more: ${why}`,
  );
}

function partOf({ file, analysis, body }: Original, form: Form): SquashPart {
  const changes: SquashChange[] = [];
  const { statements, segments } = analysis;
  const texts = segments.map((segment) => {
    const members = statements.slice(segment.first, segment.last + 1);
    const own = members.flatMap((statement) => {
      const text = statementText(statement, body);
      const change = changeOf(statement);
      if (change !== undefined) changes.push({ place: `${nameOf(file)}:${statement.line}`, why: change.why });
      return change === undefined ? [text] : change.leaveOut ? [] : [withoutConcurrently(text)];
    });
    return form === 'whole' || own.length === 0 ? own.join('') : inTransaction(segment, own.join(''), members);
  });
  return { text: texts.join(''), changes };
}

/** The change that a statement needs in an empty database. */
function changeOf({ tag, transactional }: Statement): { readonly why: string; readonly leaveOut?: true } | undefined {
  if (transactional) return undefined;
  if (tag === 'VACUUM' || tag === 'REINDEX')
    return { why: `${tag} is omitted: a new database does not need it.`, leaveOut: true };
  return concurrent.has(tag)
    ? { why: `${tag} is written without CONCURRENTLY: a new database has no users yet.` }
    : undefined;
}

const concurrent: ReadonlySet<string> = new Set(['CREATE INDEX', 'DROP INDEX', 'ALTER TABLE']);

function inTransaction({ modes = {} }: Segment, text: string, members: readonly Statement[]): string {
  // It cannot run in a transaction, and is not rewritten here.
  if (members.some(({ transactional, tag }) => !transactional && !concurrent.has(tag))) return text;
  const isolation = modes.isolation === undefined ? '' : ` ISOLATION LEVEL ${modes.isolation}`;
  return `BEGIN${isolation}${modes.readOnly === true ? ' READ ONLY' : ''};\n${text.replace(/^\n+/, '')}COMMIT;\n`;
}

/** A statement with the comments before it, and with its data rows, if any. */
function statementText(statement: Statement, body: Uint8Array): string {
  const { start, head: first, end, data } = statement;
  const comments = withoutDirectives(decodeUtf8(body.subarray(start, first)));
  if (data === undefined) return `${comments}${decodeUtf8(body.subarray(first, end))};\n`;
  const rows = decodeUtf8(body.subarray(data.start, data.end));
  return `${comments}${decodeUtf8(body.subarray(first, data.start)).trimEnd()}\n${rows}${rows === '' || rows.endsWith('\n') ? '' : '\n'}\\.\n`;
}

/** Directives that are kept are written at the head of the file. */
function withoutDirectives(comments: string): string {
  return comments.replaceAll(/^([ \t]*(?:--|\/\*)\s*)godwit(\s*:)/gim, '$1was godwit$2').trimStart();
}

/** Session settings of a migration end with it, as they did when each was applied separately. */
function between(before: Original, after: Original | undefined, form: Form): string {
  const text = decodeUtf8(before.body);
  const sets = before.analysis.statements.some(
    ({ leaves, tag }) => leaves?.includes('settings') === true || tag === 'SET',
  );
  const temporary = /\b(?:temp|temporary)\b/i.test(text);
  const prepared = before.analysis.statements.some(({ tag }) => tag === 'PREPARE');
  const last = before.analysis.statements.at(-1);
  const first = after?.analysis.statements[0];
  const ends = [
    ...(sets
      ? [
          'RESET ALL;',
          ...(/\b(?:role|authorization)\b/i.test(text) ? ['RESET SESSION AUTHORIZATION;', 'RESET ROLE;'] : []),
        ]
      : []),
    ...(temporary ? ['DISCARD TEMP;'] : []),
    ...(prepared ? ['DEALLOCATE ALL;'] : []),
  ];
  // Separates the rows of two files, because runs of similar INSERTs are identified by their whole text.
  const apart = ends.length === 0 && form === 'whole' && last?.tag === 'INSERT' && first?.tag === 'INSERT' ? [';'] : [];
  return [...ends, ...apart].map((line) => `${line}\n`).join('');
}

/** The name of a file without its folder. */
export function nameOf(file: string): string {
  return file.split('/').at(-1) ?? file;
}
