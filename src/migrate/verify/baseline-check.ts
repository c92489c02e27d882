import type { Check } from '../model.ts';
import { changedLines, differentWords } from './word-difference.ts';

/** A difference as `compareHomes` tells it, values as the server's text. */
export type DifferenceRow = readonly (string | null)[];

/** What is known of a migration by its number in the history. */
export interface KnownMigration {
  readonly id: string;
  readonly file: string;
  readonly run: string;
}

interface Difference {
  readonly kind: string;
  readonly name: string;
  readonly home: string;
  readonly oldName: string;
  readonly oldHome: string;
  readonly words: readonly string[] | undefined;
  readonly oldWords: readonly string[] | undefined;
  readonly seq: string;
  readonly whole: boolean;
}

/**
 * The differences from the baseline as checks, one for each part of a definition. What is gone and what is there under
 * the same name belong together: a constraint that the server made anew has another OID and the same words.
 *
 * @param terms `migrations` by their number in the history; `words` false: another major version writes other texts, so
 * only kinds, names, types and NOT NULL are compared
 */
export function checksOf(
  rows: readonly DifferenceRow[],
  terms: { readonly migrations: ReadonlyMap<string, KnownMigration>; readonly words: boolean },
): readonly Check[] {
  const differences = paired(rows.map(read));
  // What goes with its table is told with it.
  const goneHomes = new Set(
    differences.flatMap(({ words, oldWords, oldName, oldHome }) =>
      words === undefined && oldWords !== undefined && oldName === oldHome ? [oldName] : [],
    ),
  );
  return differences.flatMap((difference) => {
    const { oldName, oldHome } = difference;
    if (goneHomes.has(oldHome) && oldName !== oldHome) return [];
    return checksFor(difference, terms);
  });
}

function read([, kind, name, home, oldName, oldHome, words, oldWords, seq, whole]: DifferenceRow): Difference {
  const list = (text: string | null | undefined): readonly string[] | undefined =>
    text == null ? undefined : (JSON.parse(text) as readonly string[]);
  return {
    kind: kind ?? '',
    name: name ?? '',
    home: home ?? '',
    oldName: oldName ?? '',
    oldHome: oldHome ?? '',
    words: list(words),
    oldWords: list(oldWords),
    seq: seq ?? '',
    whole: whole === 't',
  };
}

function paired(differences: readonly Difference[]): readonly Difference[] {
  const added = new Map(
    differences.filter(({ oldWords }) => oldWords === undefined).map((one) => [`${one.kind} ${one.name}`, one]),
  );
  const result: Difference[] = [];
  for (const one of differences) {
    if (one.oldWords === undefined) continue;
    const key = `${one.kind} ${one.oldName}`;
    const again = one.words === undefined ? added.get(key) : undefined;
    if (again === undefined) result.push(one);
    else {
      added.delete(key);
      result.push({ ...again, oldName: one.oldName, oldHome: one.oldHome, oldWords: one.oldWords, seq: one.seq });
    }
  }
  return [...result, ...added.values()];
}

function checksFor(
  difference: Difference,
  { migrations, words: compared }: Parameters<typeof checksOf>[1],
): readonly Check[] {
  const { kind, name, oldName, words, oldWords, seq, whole } = difference;
  const migration = migrations.get(seq);
  const common = {
    kind: `drift-${kind.replaceAll(' ', '-')}`,
    object: oldName === '' ? name : oldName,
    ok: false as const,
    where: { file: migration?.file ?? '' },
    migration: migration?.id ?? '',
    ...(migration === undefined ? {} : { run: migration.run }),
  };
  if (oldWords === undefined)
    return whole && !kind.startsWith('foreign table source') ? [{ ...common, severity: 'warning', expected: 'not there', actual: 'added' }] : [];
  if (words === undefined) return [{ ...common, severity: 'error', expected: 'there', actual: 'missing' }];
  const renamed = isRenamed(difference)
    ? [{ ...common, severity: 'error' as const, expected: `name: ${oldName}`, actual: `name: ${name}` }]
    : [];
  const parts = differentWords(oldWords, words).filter(({ part }) => compared || part === 'type' || part === 'not null');
  return [
    ...renamed,
    ...parts.map(({ part, was, is, severity }): Check => {
      const several = was.includes('\n') || is.includes('\n');
      return {
        ...common,
        severity,
        expected: was === '' ? `no ${part}` : several && is !== '' ? `${part} as it was` : `${part}: ${was}`,
        actual: is === '' ? `no ${part}` : several && was !== '' ? `${part}:\n${changedLines(was, is)}` : `${part}: ${is}`,
      };
    }),
  ];
}

/** A part bears the name of its table, too: that one is told once. */
function isRenamed({ name, home, oldName, oldHome }: Difference): boolean {
  if (name === oldName) return false;
  return oldName === oldHome || !oldName.startsWith(`${oldHome}.`) || name.slice(home.length) !== oldName.slice(oldHome.length);
}
