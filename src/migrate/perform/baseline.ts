import { fault } from '../../kit/fault.ts';
import { quoteLiteral } from '../../sql/quote.ts';
import { opening } from '../apply/message.ts';
import {
  compareDefinitions,
  definitionQueries,
  definitionSettings,
  definitionsQuery,
  ownership,
  readDefinitions,
  type Definition,
  type Drift,
} from '../verify/definitions.ts';
import { relationsOf, tableOfIndex } from '../verify/catalogue.ts';
import type { Check } from '../model.ts';
import type { Resolved } from '../verify/expected.ts';
import type { Session } from '../ports.ts';
import type { RunnerPorts } from '../runner-ports.ts';
import type { LiveRun } from './live-run.ts';
import { foldAll, type VerifiedMigration } from './check-facts.ts';
import type { ServerFacts } from './facts.ts';

type Name = Parameters<typeof definitionsQuery>[0][number];

/**
 * Keeps the server's own definitions of all objects that these migrations name: the baseline that `verify` compares
 * with later. Written under the guard, like every change. A failure here is no failure of the run: `verify` then says
 * that there is no baseline.
 */
export async function keepBaseline(
  live: LiveRun,
  migrations: readonly VerifiedMigration[],
  ports: RunnerPorts,
  gone: readonly VerifiedMigration[] = [],
): Promise<'kept' | 'refused' | 'lost'> {
  const names = namesOf(migrations, live.schema);
  const folded = foldAll(migrations, live.schema);
  const left = [...folded.gone.values()].map(({ object }) => ({
    schema: object.schema,
    name: object.table ?? object.name,
  }));
  const owners = new Set([...names, ...namesOf(gone, live.schema), ...left].map(ownerOf));
  const last = quoteLiteral(migrations.at(-1)?.migration.id ?? '');
  // Server to server: the definitions need not travel here and back.
  const keep = (
    query: string,
  ): string => `INSERT INTO godwit.object (kind, name, owner, definition, server_major, migration)
SELECT DISTINCT ON (q.kind, q.name) q.kind, q.name, q.owner, q.definition, pg_catalog.current_setting('server_version_num')::int / 10000, ${last}
FROM (${query}) q (kind, name, owner, definition) WHERE q.definition IS NOT NULL
ON CONFLICT (kind, name) DO UPDATE SET definition = excluded.definition, owner = excluded.owner, server_major = excluded.server_major,
  migration = excluded.migration, captured_at = pg_catalog.clock_timestamp()`;
  const commands = [
    ...opening(live.epoch, live.head),
    ...definitionSettings,
    `DELETE FROM godwit.object WHERE pg_catalog.split_part(owner, '(', 1) IN (SELECT pg_catalog.json_array_elements_text(${quoteLiteral(JSON.stringify([...owners]))}::json))`,
    ...(names.length === 0 ? [] : definitionQueries(names).map(keep)),
    'COMMIT',
  ];
  const kept = await live.session.send(commands.map((command) => `${command};\n`).join(''));
  if (kept.ok) return 'kept';
  if (kept.error.lost) return 'lost';
  await live.session.send('ROLLBACK');
  ports.emit({ kind: 'notice', severity: 'WARNING', text: `no baseline for drift: ${kept.error.message}` });
  return 'refused';
}

/** Drift since the last run: changed and missing definitions fail, added parts warn. */
export async function compareWithBaseline(
  session: Session,
  facts: ServerFacts,
  migrations: readonly VerifiedMigration[],
  ports: RunnerPorts,
): Promise<readonly Check[]> {
  const names = namesOf(migrations, facts.schema);
  if (names.length === 0) return [];
  const [stored, present] = await Promise.all([
    session.send('select kind, name, owner, definition, server_major, migration from godwit.object', { rows: 'all' }),
    session.send(definitionsQuery(names), { rows: 'all' }),
  ]);
  for (const reply of [stored, present]) if (!reply.ok) return [unread(reply.error.message, migrations)];
  if (!stored.ok || !present.ok) return [];
  const baseline = (stored.results[0]?.rows ?? []).map(([kind, name, owner, definition, major, migration]) => ({
    kind: (kind ?? 'table') as Definition['kind'],
    name: name ?? '',
    owner: owner ?? '',
    definition: definition ?? '',
    major: Number(major),
    migration: migration ?? '',
  }));
  if (baseline.length === 0) {
    ports.emit({ kind: 'finding', finding: fault('no-baseline') });
    return [];
  }
  const major = Math.trunc(facts.versionNumber / 10_000);
  // What a later migration has dropped or renamed is no drift.
  const owners = new Set(names.map(ownerOf));
  const files = new Map(migrations.map(({ migration }) => [migration.id, migration.up.file]));
  const ours = baseline.filter(({ owner }) => owners.has(owner.replace(/\(.*$/s, '')));
  return compareDefinitions(ours, readDefinitions(present), major).map((drift): Check => ({
    ...(ofOwner(drift)
      ? { kind: 'drift-owner', object: drift.name.slice(0, -ownership.length) }
      : { kind: `drift-${drift.kind}`, object: drift.name }),
    ok: false,
    severity: drift.change === 'new-major' ? 'note' : drift.change === 'added' || ofOwner(drift) ? 'warning' : 'error',
    expected: drift.was === '' ? 'not there' : drift.was,
    actual: drift.is === '' ? 'missing' : drift.is,
    where: { file: files.get(drift.migration) ?? '' },
    migration: drift.migration,
  }));
}

/** REASSIGN OWNED hides what it changes, so that another owner is a warning. */
function ofOwner({ kind, name }: Drift): boolean {
  return kind === 'grant' && name.endsWith(ownership);
}

/** Drift that could not be looked for is told, not passed over. */
function unread(why: string, migrations: readonly VerifiedMigration[]): Check {
  const last = migrations.at(-1)?.migration;
  return {
    kind: 'drift-schema',
    object: 'the baseline',
    ok: false,
    severity: 'warning',
    expected: 'readable',
    actual: why,
    where: { file: last?.up.file ?? '' },
    migration: last?.id ?? '',
  };
}

/** As definitions name their owners, without the arguments of functions. */
function ownerOf({ schema, name }: { readonly schema: string; readonly name: string }): string {
  const bare = name.replace(/\(.*$/s, '');
  return schema === '' ? bare : `${schema}.${bare}`;
}

function namesOf(migrations: readonly VerifiedMigration[], schema: string): readonly Name[] {
  const folded = foldAll(migrations, schema);
  const names = new Map<string, Name>();
  for (const { object, facts } of folded.objects.values()) {
    const { kind, table, name } = object;
    if (kind === 'grant' || kind === 'comment') {
      for (const on of thingsOf(object)) names.set(`${on.kind}|${on.schema}|${on.name}`, on);
      continue;
    }
    // Parts of a table come with their table.
    const owner = kind === 'index' && facts['table'] !== undefined ? tableOfIndex(object.schema, facts) : table;
    const named: Name =
      owner === undefined
        ? { kind, schema: object.schema, name }
        : { kind: 'table', schema: object.schema, name: owner };
    names.set(`${named.kind}|${named.schema}|${named.name}`, named);
  }
  for (const { kind, schema, name } of folded.touched) names.set(`${kind}|${schema}|${name}`, { kind, schema, name });
  return [...names.values()];
}

/** What a grant or a comment is on: its definitions change with it. */
function thingsOf({ kind, schema, table, name }: Resolved): readonly Name[] {
  const [thing = '', of = ''] = name.split('|');
  const named = kind === 'grant' ? (table ?? '') : of;
  if (thing === 'schema' || thing === 'index' || named === '') return [];
  if (thing === 'function' || thing === 'type') return [{ kind: thing, schema, name: named }];
  const relations = kind === 'grant' ? [named] : relationsOf(thing, named);
  return relations.map((relation) => ({ kind: 'table', schema, name: relation }));
}
