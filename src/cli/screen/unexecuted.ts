import type { AuditRow } from '../../migrate/contract/history-rows.ts';
import { aligned } from './format.ts';
import type { Style } from './style.ts';

const kinds: ReadonlyMap<string, string> = new Map([
  ['adopted', 'adopted'],
  ['baseline', 'recorded without proof'],
  ['squashed', 'recorded in place of what it replaces'],
]);

/** Lists the migrations that a run recorded without executing any of their statements. */
export function unexecutedLines(events: readonly AuditRow[], style: Style): readonly string[] {
  const rows = events.flatMap(({ kind, body }): readonly (readonly string[])[] => {
    const how = kinds.get(kind);
    if (how === undefined) return [];
    const { migration = '', name = '' } = JSON.parse(body) as { readonly migration?: string; readonly name?: string };
    return [[`  ${migration} ${name}`, style.dim(how)]];
  });
  return rows.length === 0 ? [] : ['', ...aligned(rows)];
}
