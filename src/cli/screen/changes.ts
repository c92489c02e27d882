import type { Change } from '../../migrate/contract/model.ts';
import { lastPart } from '../../migrate/runner/advice/did-you-mean.ts';
import { countOf } from './format.ts';
import type { Style } from './style.ts';

const verbs = ['created', 'changed', 'dropped'] as const;
const width = 80;
const mostLines = 2;

/** The kinds that are shown first; the others follow, sorted by name. */
const order = [
  'schema',
  'extension',
  'table',
  'foreign table',
  'column',
  'index',
  'constraint',
  'view',
  'materialized view',
  'sequence',
  'type',
  'domain',
  'function',
  'procedure',
  'aggregate',
  'trigger',
  'policy',
  'rule',
  'row',
];

/** The words for kinds that people name differently from the server. */
const nouns: Readonly<Record<string, string>> = {
  statistics: 'statistics object',
  'default acl': 'default privilege',
};

/** The parts of a new table that are counted separately. */
const countedParts: ReadonlySet<string> = new Set(['index', 'trigger', 'policy']);

/**
 * Counts what a run did, in one line or two: `Created 5 tables, 16 indexes, 4 views; changed 2 columns`. The columns
 * and constraints of a new table, and the indexes of these constraints, count as part of the table; so does everything
 * that was dropped with a table.
 */
export function changeSummary(changes: readonly Change[]): readonly string[] {
  const counts = verbs.map((verb) => ({ verb, kinds: countsOf(changes.filter(({ change }) => change === verb)) }));
  const most = Math.max(0, ...counts.map(({ kinds }) => kinds.length));
  for (let named = most; ; named -= 1) {
    const lines = wrapped(sentence(counts, named));
    if (lines.length <= mostLines || named <= 0) return lines;
  }
}

function countsOf(changes: readonly Change[]): readonly (readonly [kind: string, count: number])[] {
  const counts = new Map<string, number>();
  const constraints = new Set(changes.filter(({ kind }) => kind === 'constraint').map(({ name }) => lastPart(name)));
  for (const { kind, change, name, within, rows = 1 } of changes) {
    if (within && (change !== 'created' || !countedParts.has(kind))) continue;
    if (kind === 'index' && constraints.has(lastPart(name))) continue;
    counts.set(kind, (counts.get(kind) ?? 0) + rows);
  }
  const rank = (kind: string): number => (order.includes(kind) ? order.indexOf(kind) : order.length);
  return [...counts].toSorted(([a], [b]) => rank(a) - rank(b) || (a < b ? -1 : 1));
}

function sentence(
  counts: readonly { readonly verb: string; readonly kinds: readonly (readonly [string, number])[] }[],
  named: number,
): readonly string[] {
  const parts = counts
    .filter(({ kinds }) => kinds.length > 0)
    .map(({ verb, kinds }) => {
      const reported = kinds.slice(0, named).map(([kind, count]) => countOf(count, nouns[kind] ?? kind));
      const rest = kinds.slice(named).reduce((sum, [, count]) => sum + count, 0);
      return {
        verb,
        shown: rest === 0 ? reported : [...reported, countOf(rest, named === 0 ? 'object' : 'other object')],
      };
    });
  return parts.flatMap(({ verb, shown }, index) =>
    shown.map((text, at) => {
      const start = at > 0 ? '' : index === 0 ? `${verb[0]?.toUpperCase() ?? ''}${verb.slice(1)} ` : `${verb} `;
      const end = at < shown.length - 1 ? ',' : index < parts.length - 1 ? ';' : '';
      return `${start}${text}${end}`;
    }),
  );
}

function wrapped(words: readonly string[]): readonly string[] {
  const lines: string[] = [];
  for (const word of words) {
    const last = lines.at(-1);
    if (last === undefined || last.length + 1 + word.length > width) lines.push(`  ${word}`);
    else lines[lines.length - 1] = `${last} ${word}`;
  }
  return lines;
}

const signs = { created: '+', changed: '~', dropped: '-' } as const;

/**
 * Lists everything that a run did, by migration; a part that was created or dropped with its whole is indented.
 *
 * @param names the migrations with their names, by their ids
 */
export function changeLines(
  changes: readonly Change[],
  style: Style,
  names: ReadonlyMap<string, string> = new Map(),
): readonly string[] {
  const migrations = [...new Set(changes.map(({ migration }) => migration))];
  const paint = { created: style.green, changed: style.magenta, dropped: style.red } as const;
  return migrations.flatMap((migration) => {
    const own = changes.filter((change) => change.migration === migration);
    // A part is indented below its whole only if this migration, not an earlier one, lists the whole.
    const wholes = new Set(own.filter(({ within }) => !within).map(({ change }) => change));
    return [
      '',
      `  ${style.bold(names.get(migration) ?? migration)}`,
      ...own.map(({ change, kind, name, within, rows }) => {
        const what = rows === undefined ? kind : `${countOf(rows, kind)} in`;
        const text = `${paint[change](signs[change])} ${what} ${name}`;
        return within && wholes.has(change) ? `      ${style.dim(text)}` : `    ${text}`;
      }),
    ];
  });
}
