import type { AuditRow } from '../../migrate/contract/history-rows.ts';
import { aligned } from './format.ts';
import type { Style } from './style.ts';

const kinds: ReadonlyMap<string, string> = new Map([
  ['adopted', 'adopted'],
  ['baseline', 'recorded without proof'],
  ['squashed', 'recorded in place of what it replaces'],
]);

/** The migrations that a run has recorded without executing anything of them. */
export function unexecutedLines(events: readonly AuditRow[], style: Style): readonly string[] {
  const rows = events.flatMap(({ kind, body }): readonly (readonly string[])[] => {
    const how = kinds.get(kind);
    if (how === undefined) return [];
    const { migration = '', name = '' } = JSON.parse(body) as { readonly migration?: string; readonly name?: string };
    return [[`  ${migration} ${name}`, style.dim(how)]];
  });
  return rows.length === 0 ? [] : ['', ...aligned(rows)];
}
