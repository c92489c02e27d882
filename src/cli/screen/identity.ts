import type { SettledIdentity } from '../../migrate/contract/history-rows.ts';
import { aligned } from './format.ts';
import type { Style } from './style.ts';

/** What settling the identity of a database changes: one line for each changed part. */
export function identityLines({ before, pinned, after }: SettledIdentity, style: Style): readonly string[] {
  const pin = pinned === undefined || pinned.id === before.id ? '' : `; godwit.lock.json had ${pinned.id}`;
  const id =
    before.id === after.id
      ? `stays ${after.id}`
      : before.id === ''
        ? after.id || 'one of its own'
        : `${before.id} becomes ${after.id || 'one of its own'}`;
  const rows: readonly (readonly [string, string])[] = [
    ['environment', becomes(before.environment, after.environment)],
    ['id', before.id === after.id && pin === '' ? '' : `${id}${pin}`],
    ['server', becomes(pinned?.systemId ?? before.systemId, after.systemId)],
    ['database', becomes(pinned?.databaseOid ?? before.databaseOid, after.databaseOid)],
  ];
  return aligned(rows.flatMap(([name, text]) => (text === '' ? [] : [[`  ${style.dim(name)}`, text]])));
}

function becomes(from: string, to: string): string {
  if (from === to) return '';
  return from === '' ? to : `${from} becomes ${to}`;
}

/** The same in one line. */
export function settledLine({ before, after }: SettledIdentity, style: Style): string {
  const from =
    before.environment === '' || before.environment === after.environment ? '' : `, a copy of ${before.environment},`;
  return `${style.green('✔')} This database${from} is ${style.bold(after.environment)} now, with id ${after.id}.`;
}
