import { wordOf, type DraftObject } from './draft-object.ts';
import type { DraftStatement } from './drop-statement.ts';
import { functionArguments, isNamedPart, keywordOf, qualifierOf, simpleName } from './names.ts';

/** An object that stays, and what it is a part of. */
export interface Renamed {
  readonly object: DraftObject;
  readonly home?: DraftObject | undefined;
  /** Former name of each schema that was renamed, by its present one. */
  readonly schemas: ReadonlyMap<string, string>;
}

/** The schemas that were renamed: their former names by the present ones. */
export function renamedSchemas(objects: readonly DraftObject[]): ReadonlyMap<string, string> {
  return new Map(
    objects.flatMap(({ before, after }) =>
      before?.kind === 'schema' && after !== undefined && before.name !== after.name
        ? [[after.name, before.name] as const]
        : [],
    ),
  );
}

/**
 * Gives an object its former name. Schemas come first, then whole objects, then parts, so that each is addressed by the
 * former name of its container.
 */
export function renameStatements({ object, home, schemas }: Renamed): readonly DraftStatement[] {
  const { before, after } = object;
  if (before === undefined || after === undefined || before.name === after.name) return [];
  const [was, is] = [simpleName(before.name), simpleName(after.name)];
  const keyword = keywordOf(before.kind);
  const part = home?.before;
  if (isNamedPart(before)) {
    // What a child inherits is renamed in the parent.
    if (was === is || part === undefined || wordOf(after, 'inherited') === 'yes') return [];
    if (before.kind === 'column') {
      const what = part.kind === 'composite type' ? 'ATTRIBUTE' : 'COLUMN';
      return [{ sql: `ALTER ${keywordOf(part.kind)} ${part.name} RENAME ${what} ${is} TO ${was}` }];
    }
    if (before.kind === 'constraint')
      return [{ sql: `ALTER ${keywordOf(part.kind)} ${part.name} RENAME CONSTRAINT ${is} TO ${was}` }];
    return [{ sql: `ALTER ${keyword} ${is} ON ${part.name} RENAME TO ${was}` }];
  }
  if (before.kind === 'schema') return [{ sql: `ALTER SCHEMA ${is} RENAME TO ${was}` }];
  const args = functionArguments(after.name);
  const present = qualifierOf(after.name);
  const schema = schemas.get(present) ?? present;
  const former = qualifierOf(before.name);
  // Indexes and owned sequences follow their table.
  const follows = before.kind === 'index' || wordOf(before, 'owned by') !== undefined;
  const moved = former !== schema && !follows;
  return [
    ...(moved ? [{ sql: `ALTER ${keyword} ${schema}.${is}${args} SET SCHEMA ${former}` }] : []),
    ...(was === is
      ? []
      : [{ sql: `ALTER ${keyword} ${moved || follows ? former : schema}.${is}${args} RENAME TO ${was}` }]),
  ];
}
