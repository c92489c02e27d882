import type { AuditRow } from '../../migrate/contract/history-rows.ts';
import { aligned } from './format.ts';
import { localTime } from './local-time.ts';
import type { Style } from './style.ts';

const kinds: ReadonlyMap<string, string> = new Map([
  ['adopted', 'adopted'],
  ['baseline', 'recorded without proof'],
  ['squashed', 'recorded in place of what it replaces'],
]);

/** Lists the migrations that a run recorded without executing any of their statements. */
export function unexecutedLines(events: readonly AuditRow[], style: Style): readonly string[] {
  const origins = new Map(events.flatMap(({ kind, body }) => (kind === 'claimed' ? [originOf(body)] : [])));
  const rows = events.flatMap(({ kind, body }): readonly (readonly string[])[] => {
    const how = kinds.get(kind);
    if (how === undefined) return [];
    const { migration = '', name = '' } = JSON.parse(body) as { readonly migration?: string; readonly name?: string };
    const origin = origins.get(migration);
    return [[`  ${migration} ${name}`, style.dim(origin === undefined ? how : `${how} ${origin}`)]];
  });
  return rows.length === 0 ? [] : ['', ...aligned(rows)];
}

/** Who had applied a migration, and when. */
function originOf(body: string): readonly [migration: string, origin: string] {
  const {
    migration = '',
    tool = '',
    at,
  } = JSON.parse(body) as {
    readonly migration?: string;
    readonly tool?: string;
    readonly at?: string;
  };
  return [migration, `from ${tool}${at === undefined ? '' : `, applied ${localTime(at)}`}`];
}
