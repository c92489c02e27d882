import type { Finding } from '../../../kit/finding.ts';
import { findName, namesIn } from '../../../sql/names-in.ts';
import { quoteIdent, quoteLiteral, quoteName } from '../../../sql/quote.ts';
import type { PreparedStep } from '../apply/prepared.ts';
import type { Statement } from '../../contract/model.ts';
import type { ResultSet, ServerError, Session } from '../../contract/ports.ts';
import { candidatesQuery, didYouMean, extensionFor, lastPart } from './did-you-mean.ts';
import { fixFor, type RefusedStatement } from './fixes.ts';
import { madeAndGone, madeAndGoneQuery } from './made-and-gone.ts';
import { namedBy, type NamedInError } from './named-object.ts';
import { referenced } from './offending-rows.ts';

/** A failure with its place, and the steps that were to follow. */
export interface PlacedFailure {
  readonly finding: Finding;
  readonly error: ServerError;
  readonly at: PreparedStep;
  /** Steps of the plan after this one. */
  readonly later: readonly PreparedStep[];
}

/** The longest part of a statement's text that is examined. */
const mostBytes = 64 * 1024;
const mostNames = 200;

/**
 * Adds advice to a failed statement's finding: the fix for its SQLSTATE, a query that finds the offending rows, the
 * nearest names of the catalogue. Sends one bounded read-only query after the ROLLBACK; without an answer the advice is
 * shorter.
 */
export async function advise(session: Session, failure: PlacedFailure): Promise<Finding> {
  const { finding, error, at } = failure;
  if (finding.code !== 'statement-failed' && finding.code !== 'partly-applied') return finding;
  const statement = statementAt(at, finding);
  const text = statement === undefined ? '' : await textOf(at, statement);
  const [named] = namedBy(error);
  const missing = isMissing(error) ? named : undefined;
  const asked = await queryAdvice(session, questionsOf(error, missing, text));
  const definition = asked.definition ?? (await definitionBefore(failure));
  const refused: RefusedStatement = {
    error,
    there: asked.table,
    text,
    tag: statement?.tag ?? '',
    ...(definition === undefined ? {} : { definition }),
    ...(asked.primaryKey === undefined ? {} : { primaryKey: asked.primaryKey }),
    ...(at.step.direction === 'up' && !at.step.id.startsWith('file:') ? { adoptable: at.step.id } : {}),
  };
  const hint = missing === undefined ? undefined : await hintFor(missing, asked, failure);
  const fix = hint?.certain === true ? hint.text : joined(hint?.text, fixFor(refused));
  if (fix === undefined) return finding;
  return { ...finding, fix: finding.code === 'partly-applied' ? `${fix} The same command then resumes there.` : fix };
}

function joined(hint: string | undefined, fix: string | undefined): string | undefined {
  if (hint === undefined || fix === undefined) return hint ?? fix;
  return hint.endsWith('?') ? `${hint} Otherwise ${fix.charAt(0).toLowerCase()}${fix.slice(1)}` : `${hint} ${fix}`;
}

/** SQLSTATEs that report a missing object. */
function isMissing({ sqlstate, message }: ServerError): boolean {
  if (sqlstate === '0A000' || sqlstate === '58P01') return message.includes('extension');
  return ['42P01', '42703', '42704', '42883', '3F000'].includes(sqlstate);
}

interface Hint {
  readonly text: string;
  /** True: no other object can be meant. */
  readonly certain: boolean;
}

async function hintFor(missing: NamedInError, asked: AdviceFacts, failure: PlacedFailure): Promise<Hint | undefined> {
  if (asked.extension !== undefined) {
    const create = `CREATE EXTENSION IF NOT EXISTS ${quoteIdent(asked.extension)};`;
    return {
      text: `The extension ${asked.extension} provides it: write \`${create}\` before this statement${missing.name.endsWith('uuid_generate_v4') ? ', or use `gen_random_uuid()`, which needs no extension' : ''}.`,
      certain: true,
    };
  }
  if (asked.gone !== undefined) return { text: asked.gone, certain: true };
  const maker = await madeLater(missing, failure.later);
  if (maker !== undefined)
    return { text: `${maker} creates it, but comes later: give this file a later version than that.`, certain: true };
  const text = didYouMean(missing, asked.candidates, await namesBefore(missing.kind, failure));
  return text === undefined ? undefined : { text, certain: false };
}

interface Questions {
  readonly table?: string | undefined;
  readonly candidates?: string | undefined;
  readonly extension?: string | undefined;
  readonly definition?: string | undefined;
  readonly primaryKey?: string | undefined;
  readonly gone?: string | undefined;
}

interface AdviceFacts {
  /** True: the table of the refused rows existed before the file, and still exists. */
  readonly table: boolean;
  readonly candidates: readonly { readonly name: string; readonly label: string }[];
  readonly extension?: string;
  readonly definition?: string;
  readonly primaryKey?: readonly string[];
  /** That the missing object was made by a recorded migration, as text. */
  readonly gone?: string;
}

function questionsOf(error: ServerError, missing: NamedInError | undefined, text: string): Questions {
  const names = [...new Set(namesIn(text, { bodies: true }).map(({ parts }) => parts.at(-1) ?? ''))].slice(
    0,
    mostNames,
  );
  const extension = missing === undefined ? undefined : extensionFor(missing);
  const parent = error.sqlstate === '23503' ? referenced(text) : undefined;
  return {
    table:
      error.sqlstate.startsWith('23') && error.table !== undefined
        ? `SELECT 1 WHERE ${wholeName(error)} IS NOT NULL`
        : undefined,
    candidates: missing === undefined ? undefined : candidatesQuery(missing, names),
    extension:
      extension === undefined
        ? undefined
        : `SELECT name FROM pg_catalog.pg_available_extensions WHERE name = ${quoteLiteral(extension)} AND installed_version IS NULL`,
    definition: definitionQuery(error),
    gone: missing === undefined ? undefined : madeAndGoneQuery(missing),
    primaryKey:
      parent === undefined
        ? undefined
        : `SELECT a.attname FROM pg_catalog.pg_index i CROSS JOIN LATERAL pg_catalog.unnest(i.indkey) WITH ORDINALITY AS k(attnum, n)
JOIN pg_catalog.pg_attribute a ON a.attrelid = i.indrelid AND a.attnum = k.attnum
WHERE i.indisprimary AND i.indrelid = pg_catalog.to_regclass(${quoteLiteral(parent.table)}) ORDER BY k.n`,
  };
}

/** A constraint that existed before the statement: one that is validated now, or that another one inherits. */
function definitionQuery(error: ServerError): string | undefined {
  const { sqlstate, constraint, table } = error;
  if ((sqlstate !== '23503' && sqlstate !== '23514') || constraint === undefined || table === undefined)
    return undefined;
  return `SELECT pg_catalog.pg_get_constraintdef(oid) FROM pg_catalog.pg_constraint WHERE conname = ${quoteLiteral(constraint)} AND conrelid = ${wholeName(error)}`;
}

function wholeName({ schema, table = '' }: ServerError): string {
  return `pg_catalog.to_regclass(${quoteLiteral(quoteName({ schema: schema ?? null, name: table }))})`;
}

const nothing: AdviceFacts = { table: false, candidates: [] };

/** One message without BEGIN: its statements share one implicit transaction, which the server ends on its own. */
async function queryAdvice(session: Session, questions: Questions): Promise<AdviceFacts> {
  const kinds = ['table', 'candidates', 'extension', 'definition', 'primaryKey', 'gone'] as const;
  const wanted = kinds.filter((kind) => questions[kind] !== undefined);
  if (wanted.length === 0) return nothing;
  const settings = [
    'SET TRANSACTION READ ONLY',
    "SET LOCAL statement_timeout TO '2s'",
    "SET LOCAL lock_timeout TO '500ms'",
  ];
  const text = [...settings, ...wanted.map((kind) => questions[kind] ?? '')].map((one) => `${one};\n`).join('');
  const reply = await session.send(text, { rows: 'all' });
  if (!reply.ok) return nothing;
  const answer = (kind: (typeof kinds)[number]): ResultSet['rows'] =>
    wanted.includes(kind) ? (reply.results[settings.length + wanted.indexOf(kind)]?.rows ?? []) : [];
  const extension = answer('extension')[0]?.[0];
  const definition = answer('definition')[0]?.[0];
  const gone = madeAndGone(answer('gone'));
  const key = answer('primaryKey').map(([name]) => name ?? '');
  return {
    table: answer('table').length > 0,
    candidates: answer('candidates').map(([name, label]) => ({ name: name ?? '', label: label ?? '' })),
    ...(extension == null ? {} : { extension }),
    ...(definition == null ? {} : { definition }),
    ...(key.length === 0 ? {} : { primaryKey: key }),
    ...(gone === undefined ? {} : { gone }),
  };
}

function statementAt({ analysis }: PreparedStep, { where }: Finding): Statement | undefined {
  const { line, column = 1 } = where ?? {};
  if (line === undefined) return undefined;
  return analysis.statements.findLast((one) => one.line < line || (one.line === line && one.column <= column));
}

async function textOf({ body }: PreparedStep, { head, end }: Statement): Promise<string> {
  return new TextDecoder().decode(await body.read(head, Math.min(end, head + mostBytes)));
}

const mostMakers = 20;

/** The tables that the file made before the failure: they were rolled back, so the catalogue lacks them. */
async function tablesBefore({ at, finding }: PlacedFailure): Promise<readonly string[]> {
  const failed = statementAt(at, finding);
  const makers = at.analysis.statements.filter(
    (one) => failed !== undefined && one.start < failed.start && /^(CREATE|ALTER) TABLE$/.test(one.tag),
  );
  return await Promise.all(makers.slice(-mostMakers).map((maker) => textOf(at, maker)));
}

async function namesBefore(kind: NamedInError['kind'], failure: PlacedFailure): Promise<readonly string[]> {
  if (kind !== 'column' && kind !== 'relation') return [];
  const texts = await tablesBefore(failure);
  if (kind === 'relation') return texts.flatMap((text) => nameMade(text, 'CREATE TABLE') ?? []);
  return [...new Set(texts.flatMap((text) => namesIn(text).map(({ parts }) => parts.at(-1) ?? '')))];
}

/** The statement of the file that made the constraint which a later one checks. */
async function definitionBefore(failure: PlacedFailure): Promise<string | undefined> {
  const { sqlstate, constraint } = failure.error;
  if ((sqlstate !== '23503' && sqlstate !== '23514') || constraint === undefined) return undefined;
  const texts = await tablesBefore(failure);
  return texts.findLast((text) => findName(namesIn(text), constraint) !== undefined);
}

const makingTags: Readonly<Partial<Record<NamedInError['kind'], RegExp>>> = {
  relation: /^CREATE (TABLE|VIEW|MATERIALIZED VIEW|SEQUENCE|FOREIGN TABLE)$/,
  type: /^CREATE (TYPE|DOMAIN)$/,
  function: /^CREATE (FUNCTION|PROCEDURE)$/,
  schema: /^CREATE SCHEMA$/,
  role: /^CREATE ROLE$/,
};

const mostExamined = 500;

/** The later file of the plan that makes the object. */
async function madeLater({ kind, name }: NamedInError, later: readonly PreparedStep[]): Promise<string | undefined> {
  const tags = makingTags[kind];
  if (tags === undefined) return undefined;
  let examined = 0;
  for (const step of later) {
    for (const statement of step.analysis.statements) {
      if (!tags.test(statement.tag)) continue;
      if ((examined += 1) > mostExamined) return undefined;
      const made = nameMade(await textOf(step, statement), statement.tag);
      if (made === name || (made !== undefined && lastPart(made) === name)) return step.step.file;
    }
  }
  return undefined;
}

const noise = new Set(['if', 'not', 'exists', 'unlogged', 'or', 'replace', 'recursive', 'force', 'foreign']);

/** `shop.orders` of CREATE TABLE IF NOT EXISTS shop.orders (…). */
function nameMade(text: string, tag: string): string | undefined {
  const keyword = (tag.split(' ').at(-1) ?? '').toLowerCase();
  const names = namesIn(text);
  const at = names.findIndex(({ parts }) => parts.join('.') === keyword);
  return names
    .slice(at + 1)
    .find(({ parts }) => !noise.has(parts.join('.')))
    ?.parts.join('.');
}
