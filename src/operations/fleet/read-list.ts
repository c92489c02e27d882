import { fault } from '../../kit/fault.ts';
import type { Finding } from '../../kit/finding.ts';
import { err, ok, type Outcome } from '../../kit/outcome.ts';

/** One entry of a list of databases. At least one of `database`, `url` and `schema` is there. */
export interface ListedDatabase {
  /** Where it is written, for findings: `tenants.txt:3`. */
  readonly place: string;
  /** A database on the server of the environment. */
  readonly database?: string;
  /** A database anywhere. Never printed: it holds a password. */
  readonly url?: string;
  /** The schema in which unqualified names are created; absent: what the URL says. */
  readonly schema?: string;
}

/** A name becomes part of ids in the history, and of the search path. */
const schemaName = /^[^\s:"'\\,=]{1,63}$/;

/** Schemas whose ids would be those of the database itself, or of standalone scripts. */
const reservedSchemas: ReadonlySet<string> = new Set(['app', 'file', 'prompts']);

/**
 * Reads a list of databases, one a line: a name, a URL, or either with `schema=NAME` behind it. Lines that begin with
 * `#` are comments. No finding quotes a URL.
 *
 * @param label where the list comes from: the path of a file
 */
export function readList(text: string, label: string): Outcome<readonly ListedDatabase[]> {
  const lines = text
    .replace(/^\uFEFF/, '')
    .split(/\r?\n/)
    .map((line, index) => ({ line: line.trim(), place: `${label}:${index + 1}` }))
    .filter(({ line }) => line !== '' && !line.startsWith('#'));
  if (lines.length === 0) return err(fault('list-invalid', { why: `${label} names no database.` }));
  return all(lines.map(({ line, place }) => readEntry(line, place)));
}

/** Reads the values of a query as lines of a list, or as names of schemas. */
export function readAnswer(
  values: readonly (string | null)[],
  option: string,
  what: 'databases' | 'schemas',
): Outcome<readonly ListedDatabase[]> {
  if (values.length === 0)
    return err(fault('list-invalid', { why: `The query of ${option} returns no row.`, fix: 'Correct the query.' }));
  return all(
    values.map((value, index) => {
      const place = `${option}, row ${index + 1}`;
      const text = (value ?? '').trim();
      if (text === '') return err(fault('list-invalid', { why: `${place}: the value is empty.` }));
      return what === 'databases' ? readEntry(text, place) : withSchema({ place }, text);
    }),
  );
}

function readEntry(line: string, place: string): Outcome<ListedDatabase> {
  const [, before = '', schema] = /^(?:(.*?)\s+)?schema=(.*)$/s.exec(line) ?? [undefined, line];
  const isUrl = /^[a-z][a-z0-9+.-]*:\/\//i.test(before);
  if (!isUrl && (before.includes('=') || Buffer.byteLength(before) > 63 || /\p{Cc}/u.test(before)))
    return err(
      fault('list-invalid', {
        why: `${place}: the line is neither the name of a database, nor a URL, nor \`schema=NAME\`.`,
      }),
    );
  const one = { place, ...(before === '' ? {} : isUrl ? { url: before } : { database: before }) };
  return schema === undefined ? ok(one) : withSchema(one, schema.trim());
}

function withSchema(one: ListedDatabase, schema: string): Outcome<ListedDatabase> {
  if (schemaName.test(schema) && !reservedSchemas.has(schema)) return ok({ ...one, schema });
  const why = reservedSchemas.has(schema)
    ? `${one.place}: migrations of a schema are recorded under its name, and \`${schema}\` has a meaning of its own there.`
    : `${one.place}: the name of the schema is empty, longer than 63 characters, or contains a space, a quote, a comma, a colon or a backslash.`;
  return err(
    fault('list-invalid', {
      why,
      fix: 'Rename the schema, or apply its migrations by a URL whose `options` set search_path, in a project with its own `set`.',
    }),
  );
}

function all(entries: readonly Outcome<ListedDatabase>[]): Outcome<readonly ListedDatabase[]> {
  const findings: Finding[] = [];
  const good: ListedDatabase[] = [];
  for (const entry of entries) {
    if (entry.ok) good.push(entry.value);
    else findings.push(...entry.findings);
  }
  return findings.length > 0 ? err(...findings) : ok(good);
}
