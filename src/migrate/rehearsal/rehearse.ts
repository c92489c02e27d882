import { fault } from '../../kit/fault.ts';
import type { Finding } from '../../kit/finding.ts';
import { err, ok, type Outcome } from '../../kit/outcome.ts';
import { quoteIdent } from '../../sql/quote.ts';
import { firstRowStatement } from '../read/row-statements.ts';
import type { Rehearsed, RehearsedStep } from '../contract/rehearsed.ts';
import type { Migration } from '../contract/model.ts';
import type { Bundle, Session } from '../contract/ports.ts';
import type { ApplyTask } from '../contract/task.ts';
import { countRows } from '../runner/squash/missing-rows.ts';
import { readStates } from './read-states.ts';
import type { Rehearsal } from './rehearsal.ts';

/**
 * Objects of the target that the migrations do not make; they are created on the throwaway server when a migration
 * needs them.
 */
interface TargetSurroundings {
  /** The schema in which unqualified names are created; empty: none. */
  readonly schema: string;
  readonly extensions: readonly { readonly name: string; readonly schema: string }[];
}

/** Options of a rehearsal. */
export interface RehearseOptions {
  /** Major version of the server. */
  readonly major: number;
  /** Id of the last migration to rehearse. */
  readonly through: string;
  readonly surroundings: TargetSurroundings;
  /** A new id of a run. */
  nextRun(): string;
  readonly signal?: AbortSignal;
  /** Receives how many migrations have been rehearsed. */
  onStep?(done: number): void;
  /** True: the rows of each table are counted at the end. */
  readonly countsRows?: boolean;
}

/** How often missing objects are created and the migration is tried again. */
const mostTries = 50;

/**
 * Runs all migrations of a folder on a throwaway database, in their order, and reads how each of them left the objects
 * that it wrote. If one fails, the rehearsal ends before it. Missing roles and schemas are created; roles without
 * login.
 */
export async function rehearse(
  rehearsal: Rehearsal,
  whole: Bundle,
  options: RehearseOptions,
): Promise<Outcome<Rehearsed>> {
  const bundle = upScripts(whole);
  const last = bundle.migrations.findIndex(({ id }) => id === options.through);
  const wanted = bundle.migrations.slice(0, last + 1);
  const opened = await rehearsal.open();
  if (!opened.ok) return opened;
  const session = opened.value;
  try {
    const ran = await runAll({ rehearsal, bundle, session, options }, wanted);
    if (!ran.ok) return ran;
    const { done, failed } = ran.value;
    const steps = await Promise.all(wanted.slice(0, done).map((migration) => stepOf(bundle, migration)));
    const objects = await readStates(session, steps);
    if (!objects.ok) return objects;
    const rows = options.countsRows === true ? await countRows(session) : undefined;
    if (rows?.ok === false) return rows;
    const next = wanted[done];
    return ok({
      major: options.major,
      steps,
      objects: objects.value,
      same: [],
      ...(rows === undefined ? {} : { rows: rows.value }),
      ...(failed === undefined || next === undefined ? {} : { stopped: { id: next.id, finding: failed } }),
    });
  } finally {
    await session.close();
  }
}

/** Without companions: a broken down file does not prevent a rehearsal. */
function upScripts(bundle: Bundle): Bundle {
  return { ...bundle, migrations: bundle.migrations.map(({ id, name, up }) => ({ id, name, up })) };
}

async function stepOf(bundle: Bundle, migration: Migration): Promise<RehearsedStep> {
  const { id, up } = migration;
  const analysis = await bundle.analysis(migration, 'up');
  const rows = analysis.ok ? await firstRowStatement(analysis.value, await bundle.body(migration, 'up')) : undefined;
  return { id, file: up.file, ...(rows === undefined ? {} : { rows }) };
}

interface RehearsalStage {
  readonly rehearsal: Rehearsal;
  readonly bundle: Bundle;
  readonly session: Session;
  readonly options: RehearseOptions;
}

/** How many migrations have run, and why the next one has not. */
interface Ran {
  readonly done: number;
  readonly failed?: Finding;
}

async function runAll(stage: RehearsalStage, wanted: readonly Migration[]): Promise<Outcome<Ran>> {
  let done = 0;
  let until = wanted.length;
  let failed: Finding | undefined;
  const mended = new Set<string>();
  const { schema } = stage.options.surroundings;
  if (schema !== '') await stage.session.send(`CREATE SCHEMA IF NOT EXISTS ${quoteIdent(schema)}`);
  for (let tries = 0; done < until && tries < mostTries; tries += 1) {
    const last = wanted[until - 1];
    if (last === undefined) break;
    const before = done;
    const attempt = await runMigrations(stage, last.id, () => {
      done += 1;
      stage.options.onStep?.(done);
    });
    if (stage.options.signal?.aborted === true)
      return err(fault('interrupted', { why: 'Cancelled during the rehearsal; nothing was changed.' }));
    if (attempt.exitCode === 0) {
      if (failed === undefined || done === before) break;
      continue;
    }
    failed = attempt.finding ?? fault('statement-failed');
    if (attempt.refused) {
      // A file that cannot be parsed as SQL: the migrations before it can still be rehearsed.
      const at = wanted.findIndex(({ up }) => up.file === attempt.finding?.where?.file);
      if (at < 0 || at >= until) return err(failed);
      until = at;
      continue;
    }
    const need = await mend(stage, failed, mended);
    if (!need) break;
    failed = undefined;
  }
  return ok({ done, ...(failed === undefined ? {} : { failed }) });
}

interface RehearsalAttempt {
  readonly exitCode: number;
  readonly finding?: Finding;
  /** True: nothing was tried, because something is wrong with the files. */
  readonly refused: boolean;
}

async function runMigrations(
  { rehearsal, bundle, options }: RehearsalStage,
  to: string,
  onApplied: () => void,
): Promise<RehearsalAttempt> {
  let finding: Finding | undefined;
  let error: Finding | undefined;
  const exitCode = await rehearsal.perform(taskOf(options.nextRun(), to), bundle, (event) => {
    if (event.kind === 'migration.applied') onApplied();
    if (event.kind === 'migration.failed') finding = event.finding;
    if (event.kind === 'finding' && event.finding.severity === 'error') error ??= event.finding;
  });
  const reported = finding ?? error;
  return { exitCode, refused: finding === undefined, ...(reported === undefined ? {} : { finding: reported }) };
}

function taskOf(runMigrations: string, to: string): ApplyTask {
  return {
    kind: 'apply',
    run: runMigrations,
    environment: { name: 'local', protected: false },
    actor: { by: 'rehearsal', from: '', commit: '', tool: '' },
    command: 'up',
    selection: { direction: 'up', to, outOfOrder: true },
    how: 'execute',
    consent: { approved: true, checkpointPolicy: 'never' },
    lose: 0,
    verification: { enabled: false, strict: false, triggers: 'inspect' },
    waitMs: 0,
    onDisconnect: 'cancel',
    earlier: [],
    describesEach: true,
  };
}

/**
 * Creates what the server reports as missing, once each: a role, a schema, finally the extensions of the target.
 *
 * @returns false: there is nothing to create
 */
async function mend({ session, options }: RehearsalStage, { why }: Finding, mended: Set<string>): Promise<boolean> {
  // The server's message, in the C locale of our own server.
  const [, role] = /role "(.+?)" does not exist/.exec(why) ?? [];
  const [, schema] = /schema "(.+?)" does not exist/.exec(why) ?? [];
  const [, early] = /schema "(.+?)" already exists/.exec(why) ?? [];
  const commands =
    role !== undefined
      ? [`CREATE ROLE ${quoteIdent(role)} SUPERUSER NOLOGIN`]
      : early !== undefined
        ? // A migration makes the one that unqualified names go to.
          [`DROP SCHEMA ${quoteIdent(early)}`]
        : schema !== undefined
          ? [`CREATE SCHEMA ${quoteIdent(schema)}`]
          : options.surroundings.extensions.flatMap(({ name, schema: home }) => [
              ...(home === 'public' || home.startsWith('pg_')
                ? []
                : [`CREATE SCHEMA IF NOT EXISTS ${quoteIdent(home)}`]),
              `CREATE EXTENSION IF NOT EXISTS ${quoteIdent(name)} SCHEMA ${quoteIdent(home)}`,
            ]);
  const key = commands.join(';');
  if (commands.length === 0 || mended.has(key)) return false;
  mended.add(key);
  let made = false;
  for (const command of commands) made = (await session.send(command)).ok || made;
  return made;
}
