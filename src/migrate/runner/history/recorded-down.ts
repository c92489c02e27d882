import { quoteLiteral } from '../../../sql/quote.ts';
import type { CreatedRows } from '../rollback/own-rows.ts';
import type { ScriptFile } from '../../contract/model.ts';
import type { ByteSource, Session } from '../../contract/ports.ts';

/** A down file as it was when its migration was applied. */
export interface RecordedDown {
  readonly seq: number;
  readonly file: string;
  readonly checksum: string;
  /** Its bytes without BOM, in base64. */
  readonly body: string;
  /** The rows that its migration has inserted. */
  readonly created: readonly CreatedRows[];
}

const hexOf: readonly string[] = Array.from({ length: 256 }, (_, byte) => byte.toString(16).padStart(2, '0'));

/**
 * The call that stores a down file's text; it precedes the one that records the migration.
 *
 * @param by the run and the migration, or its place among those that share one transaction
 */
export async function keepDown(
  by: { readonly run: string; readonly migration: string } | { readonly place: number },
  { file, checksum }: ScriptFile,
  { body, created }: { readonly body: ByteSource; readonly created: readonly CreatedRows[] },
): Promise<string> {
  const bytes = await body.read(0, body.size);
  const hex = Array.from(bytes, (byte) => hexOf[byte]).join('');
  const text = `${quoteLiteral(file)}, ${quoteLiteral(checksum)}, pg_catalog.decode('${hex}', 'hex'), ${quoteLiteral(JSON.stringify(created))}`;
  return 'place' in by
    ? `SELECT godwit.keep_down_step(${by.place}, ${text})`
    : `SELECT godwit.keep_down(${quoteLiteral(by.run)}, ${quoteLiteral(by.migration)}, ${text})`;
}

/**
 * Reads what is stored for these rows of the history, by row number.
 *
 * @param version of the schema: older ones store nothing
 * @returns undefined if the server does not answer
 */
export async function readRecordedDowns(
  session: Session,
  version: number,
  seqs: readonly number[],
): Promise<ReadonlyMap<number, RecordedDown> | undefined> {
  if (version < 3 || seqs.length === 0) return new Map();
  const list = seqs.map((seq) => Math.trunc(seq)).join(', ');
  const reply = await session.send(
    `select seq, file, checksum, pg_catalog.translate(pg_catalog.encode(body, 'base64'), E'\\n', ''), created
from godwit.recorded_down where seq in (${list})`,
    { rows: 'all' },
  );
  if (!reply.ok) return undefined;
  const downs = (reply.results[0]?.rows ?? []).map(([seq, file, checksum, body, created]): RecordedDown => ({
    seq: Number(seq),
    file: file ?? '',
    checksum: checksum ?? '',
    body: body ?? '',
    created: JSON.parse(created ?? '[]') as readonly CreatedRows[],
  }));
  return new Map(downs.map((down) => [down.seq, down]));
}
