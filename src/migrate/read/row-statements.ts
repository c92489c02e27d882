import { decodeUtf8 } from '../../sql/encoding.ts';
import type { Analysis, Statement } from '../contract/model.ts';
import type { ByteSource } from '../contract/ports.ts';
import type { RowStatement } from '../contract/rehearsed.ts';

const writes = /^(?:INSERT|UPDATE|DELETE|MERGE|TRUNCATE|CALL|EXECUTE)\b/;

/** Words of a body that changes rows, or causes other code to change them. */
const writesWithin =
  /\b(?:insert\s+into|update\s+(?!cascade\b|restrict\b|set\s+(?:null|default)\b|no\s+action\b|or\b|of\b|on\b|skip\b|nowait\b)\S+|delete\s+from|merge\s+into|truncate|copy\s+\S+|perform|call)\b/i;

/** Functions of the server that do not change rows. */
const harmless = new Set(
  'set_config current_setting pg_advisory_lock pg_advisory_xact_lock pg_try_advisory_lock pg_advisory_unlock now clock_timestamp version count max min sum exists coalesce in any array format to_regclass pg_sleep values as and or not from where on select'.split(
    ' ',
  ),
);

/**
 * The first statement of a script that changes rows, or may do so as far as its text shows: the catalogue does not show
 * afterwards whether it has run.
 *
 * @param body the bytes that the spans of the analysis refer to
 */
export async function firstRowStatement(analysis: Analysis, body: ByteSource): Promise<RowStatement | undefined> {
  for (const statement of analysis.statements) {
    if (!(await mayChangeRows(statement, body))) continue;
    const { tag, line, column } = statement;
    return { tag, line, column };
  }
  return undefined;
}

/** All such statements, in their order; see {@link firstRowStatement}. */
export async function rowStatements(analysis: Analysis, body: ByteSource): Promise<readonly RowStatement[]> {
  const found: RowStatement[] = [];
  for (const statement of analysis.statements) {
    const { tag, line, column } = statement;
    if (await mayChangeRows(statement, body)) found.push({ tag, line, column });
  }
  return found;
}

/** May it change rows, or cause other code to change them, as far as its text shows? */
export async function mayChangeRows(statement: Statement, body: ByteSource): Promise<boolean> {
  const { tag, kind, opaque } = statement;
  if (kind === 'copy-in' || writes.test(tag)) return true;
  const asks = tag === 'SELECT' || tag === 'COPY';
  if (!opaque && !asks) return false;
  const text = withoutComments(decodeUtf8(await body.read(statement.head, statement.end)));
  if (tag === 'COPY') return /^copy\s+[^(]\S*\s*(?:\([^)]*\)\s*)?from\b/i.test(text);
  if (writesWithin.test(text)) return true;
  return asks && [...text.matchAll(/([a-z_][\w$]*)\s*\(/gi)].some(([, name = '']) => !harmless.has(name.toLowerCase()));
}

function withoutComments(text: string): string {
  return text.replaceAll(/--[^\n]*|\/\*[\s\S]*?\*\//g, ' ');
}
