import { catalogueMessage, readCatalogue, wantedBy, type Actual } from '../verify/catalogue.ts';
import type { Expected, Folded } from '../verify/expected.ts';
import { keyOf } from '../verify/expected.ts';
import { fireTriggers } from '../verify/fire-triggers.ts';
import { fold } from '../verify/fold.ts';
import { judge, labelOf } from '../verify/judge.ts';
import { checkExpectations, checkVerifyScript, queryViews } from '../verify/queries.ts';
import { checkSeeds } from '../verify/seeds.ts';
import type { Analysis, Check, Migration } from '../model.ts';
import type { ByteSource, Session } from '../ports.ts';
import { describe } from '../server-fault.ts';
import type { VerificationTerms } from '../task.ts';

/** A migration with what verification reads of it. */
export interface VerifiedMigration {
  readonly migration: Migration;
  /** What its unqualified names stood for when it was applied; absent before. */
  readonly schema?: string;
  /** Absent when its file cannot be analysed any more: nothing of it is checked. */
  readonly up: Analysis | undefined;
  body(): Promise<ByteSource>;
  readonly verify?: { readonly analysis: Analysis; readonly body: ByteSource };
}

interface FactsInput {
  readonly session: Session;
  /** The schema that unqualified names stand for. */
  readonly schema: string;
  readonly migrations: readonly VerifiedMigration[];
  readonly terms: VerificationTerms;
}

/** What the migrations state, folded in their order, held against the database. Few round trips: most go out at once. */
export async function checkFacts(input: FactsInput): Promise<readonly Check[]> {
  const { session, migrations } = input;
  const folded = foldAll(migrations, input.schema);
  const views = [...folded.objects.values()].filter(
    ({ object }) => object.kind === 'view' || object.kind === 'materialized-view',
  );
  // All of these are on their way before the first is answered.
  const reading = readActual(session, folded);
  const own = Promise.all([
    queryViews(session, views),
    ...migrations.map(({ migration, up }) => checkExpectations(session, migration, up?.directives.expect ?? [])),
    ...migrations.flatMap(({ migration, verify }) =>
      verify === undefined ? [] : [checkVerifyScript(session, migration, verify)],
    ),
  ]);
  const actual = await reading;
  if (typeof actual === 'string') return [failedRead(migrations, actual)];
  const byId = new Map(migrations.map((one) => [one.migration.id, one]));
  const bodyOf = async (id: string): Promise<ByteSource> => {
    const found = byId.get(id);
    if (found === undefined) throw new Error(`no migration ${id}`);
    return found.body();
  };
  const facts = judge(folded, actual);
  const seeds = await checkSeeds(session, folded.rows, actual, bodyOf);
  const fired = input.terms.triggers === 'fire' ? await fire(session, folded, actual) : [];
  return [...facts, ...seeds, ...fired, ...(await own).flat()];
}

/**
 * After a rollback: what its migrations have made is gone, unless another applied migration makes it too; and what they
 * have changed, renamed or dropped is again as the others state it.
 */
export async function checkUndone(input: {
  readonly session: Session;
  readonly schema: string;
  /** What was applied before the rollback, in the order of application. */
  readonly before: readonly VerifiedMigration[];
  /** What is applied now. */
  readonly remaining: readonly VerifiedMigration[];
}): Promise<readonly Check[]> {
  const before = foldAll(input.before, input.schema);
  const after = foldAll(input.remaining, input.schema);
  const gone = new Map<string, Expected>();
  for (const [key, expected] of before.objects) {
    const { kind } = expected.object;
    if (!expected.made || after.objects.has(key) || kind === 'grant' || kind === 'comment') continue;
    const named = nameFromServer(expected, after);
    if (named.object.name !== '') gone.set(keyOf(named.object), named);
  }
  const objects = new Map([...after.objects].filter(([key, is]) => !isSame(before.objects.get(key), is)));
  const expectations = { objects, gone, rows: [], touched: [], opaque: [] };
  const actual = await readActual(input.session, expectations);
  if (typeof actual === 'string') return [failedRead(input.before, actual)];
  return judge(expectations, actual);
}

/** An unnamed constraint or index, by the name that the server gives it; unless another one may bear that name. */
function nameFromServer(expected: Expected, after: Folded): Expected {
  const { object, facts } = expected;
  const { auto = '' } = facts;
  if (object.name !== '' || auto === '') return expected;
  const named = { ...expected, object: { ...object, name: auto } };
  const taken = [...after.objects.values()].some((other) => other.object.name === '' && other.facts['auto'] === auto);
  return taken || after.objects.has(keyOf(named.object)) ? expected : named;
}

function isSame(was: Expected | undefined, is: Expected): boolean {
  return was?.migration === is.migration && JSON.stringify(was.facts) === JSON.stringify(is.facts);
}

/** The effects of migrations, folded. */
export function foldAll(migrations: readonly VerifiedMigration[], schema: string): Folded {
  return fold(
    migrations.map(({ migration, up, schema: own }) => ({
      id: migration.id,
      effects: up?.effects ?? [],
      ...(own === undefined || own === '' ? {} : { schema: own }),
    })),
    schema,
  );
}

/** The catalogue's objects, or the server's words when it refused. */
async function readActual(
  session: Session,
  folded: Pick<Folded, 'objects' | 'gone' | 'rows'>,
): Promise<ReadonlyMap<string, Actual> | string> {
  const reply = await session.send(catalogueMessage(wantedBy(folded)), { rows: 'all' });
  return reply.ok ? readCatalogue(reply) : describe(reply.error);
}

function failedRead(migrations: readonly VerifiedMigration[], why: string): Check {
  const last = migrations.at(-1)?.migration;
  const where = { file: last?.up.file ?? '' };
  return {
    kind: 'catalogue',
    object: 'the catalogue',
    ok: false,
    severity: 'error',
    expected: 'readable',
    actual: why,
    where,
    migration: last?.id ?? '',
  };
}

async function fire(session: Session, folded: Folded, actual: ReadonlyMap<string, Actual>): Promise<readonly Check[]> {
  const triggers = [...folded.objects.values()].filter((expected) => {
    const found = actual.get(keyOf(expected.object));
    return expected.object.kind === 'trigger' && found !== undefined && found.facts['enabled'] !== 'no';
  });
  const results = await fireTriggers(
    session,
    triggers.map(({ object }) => ({ schema: object.schema, table: object.table ?? '', name: object.name })),
  );
  return results.map((result, index): Check => {
    const expected = triggers[index];
    if (expected === undefined) throw new Error('a result without its trigger');
    const { where, migration } = expected;
    return {
      kind: 'trigger-fires',
      object: labelOf(expected),
      ok: result.fired !== 'no',
      severity: result.fired === 'no' ? 'error' : 'note',
      expected: 'fires',
      actual:
        result.fired === 'yes'
          ? 'fires'
          : result.fired === 'no'
            ? `does not fire: ${result.why}`
            : `not tried: ${result.why}`,
      where,
      migration,
    };
  });
}
