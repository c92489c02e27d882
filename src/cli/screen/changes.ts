import type { Change } from '../../migrate/contract/model.ts';
import { lastPart } from '../../migrate/runner/advice/did-you-mean.ts';
import { countOf } from './format.ts';
import type { Style } from './style.ts';

const verbs = ['created', 'changed', 'dropped'] as const;
const width = 80;
const mostLines = 2;

/** What is told first; other kinds follow by their names. */
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

/** Kinds that people do not call as the server does. */
const nouns: Readonly<Record<string, string>> = {
  statistics: 'statistics object',
  'default acl': 'default privilege',
};

/** Parts of a new table that are worth a number of their own. */
const countedParts: ReadonlySet<string> = new Set(['index', 'trigger', 'policy']);

/**
 * What a run did, counted, in one line or two: `Created 5 tables, 16 indexes, 4 views; changed 2 columns`. Columns and
 * constraints of a new table, with the indexes of these, are the table, and so is everything that went with a dropped one.
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
        told: rest === 0 ? reported : [...reported, countOf(rest, named === 0 ? 'object' : 'other object')],
      };
    });
  return parts.flatMap(({ verb, told: reported }, index) =>
    reported.map((text, at) => {
      const start = at > 0 ? '' : index === 0 ? `${verb[0]?.toUpperCase() ?? ''}${verb.slice(1)} ` : `${verb} `;
      const end = at < reported.length - 1 ? ',' : index < parts.length - 1 ? ';' : '';
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

/** All of what a run did, by migration: a part of what came or went with it stands below it. */
export function changeLines(changes: readonly Change[], style: Style): readonly string[] {
  const migrations = [...new Set(changes.map(({ migration }) => migration))];
  const paint = { created: style.green, changed: style.yellow, dropped: style.red } as const;
  return migrations.flatMap((migration) => {
    const own = changes.filter((change) => change.migration === migration);
    // A part stands below its whole, if that is told here and not of an earlier migration.
    const wholes = new Set(own.filter(({ within }) => !within).map(({ change }) => change));
    return [
      '',
      `  ${style.bold(migration)}`,
      ...own.map(({ change, kind, name, within, rows }) => {
        const what = rows === undefined ? kind : `${countOf(rows, kind)} in`;
        const text = `${paint[change](signs[change])} ${what} ${name}`;
        return within && wholes.has(change) ? `      ${style.dim(text)}` : `    ${text}`;
      }),
    ];
  });
}
