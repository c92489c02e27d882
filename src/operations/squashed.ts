import { nodeHashing } from '../adapters/files/hashing.ts';
import { createRehearsals } from '../adapters/rehearsal/throwaway.ts';
import { exitCodeOf } from '../kit/fault.ts';
import type { Finding } from '../kit/finding.ts';
import { err, type Outcome } from '../kit/outcome.ts';
import type { Rehearsed } from '../migrate/contract/rehearsed.ts';
import type { ExecutionOptions, Execution } from '../migrate/controller/execute-task.ts';
import type { RunEvent, EventOfKind } from '../migrate/contract/event.ts';
import { outcomeOfExitCode } from '../migrate/contract/verdict.ts';
import { withRehearsed } from '../migrate/read/bundle.ts';
import type { Rehearsal } from '../migrate/rehearsal/rehearsal.ts';
import { rehearse } from '../migrate/rehearsal/rehearse.ts';
import { sameWords } from '../migrate/rehearsal/reparse.ts';
import type { Project } from '../project/open.ts';
import { unavailable } from './rehearse-adoption.ts';
import { createRunId } from '../project/run-id.ts';

type ExecuteTask = (options: ExecutionOptions) => Promise<Execution>;
/** The code with which a runner refuses to record a squash that was not rehearsed. */
const asks = 'squash-not-rehearsed';

/**
 * Has a task executed. If its runner refuses it because a squashed migration has not been rehearsed, rehearses it on a
 * throwaway server of the database's major, and executes the run again with the result.
 */
export async function executeSquashed(
  project: Project,
  options: ExecutionOptions,
  deploy: ExecuteTask,
): Promise<Execution> {
  const { bundle } = options;
  const held = holdEnd((event) => options.onEvent(event));
  const first = await deploy({ ...options, onEvent: held.onEvent });
  const facts = eventOf(first, 'database');
  const target = eventOf(first, 'target');
  if (facts === undefined || target === undefined || !isAsked(first)) {
    held.release();
    return first;
  }
  const stage = createStage(project, options, { facts, target });
  try {
    const rehearsed = await stage.rehearse();
    if (!rehearsed.ok) return giveUp(options, first, rehearsed.findings);
    let known = rehearsed.value;
    const again = holdEnd((event) => options.onEvent(event));
    const second = await deploy({
      ...options,
      bundle: withRehearsed(bundle, known, nodeHashing),
      onEvent: again.onEvent,
    });
    const doubtful = eventOf(second, 'adoption')?.doubtful ?? [];
    const same = second.exitCode !== 0 && doubtful.length > 0 ? await stage.same(known, doubtful) : [];
    if (same.length === 0) {
      again.release();
      return second;
    }
    known = { ...known, same };
    return await deploy({ ...options, bundle: withRehearsed(bundle, known, nodeHashing) });
  } finally {
    await stage.close();
  }
}

/** Says whether only a rehearsal is missing, or a checkpoint too, which is taken once the run may continue. */
function isAsked({ findings }: Execution): boolean {
  const codes = findings.filter(({ severity }) => severity === 'error').map(({ code }) => code);
  return codes.includes(asks) && codes.every((code) => code === asks || code === 'needs-checkpoint');
}

function eventOf<Kind extends RunEvent['kind']>({ events }: Execution, kind: Kind): EventOfKind<Kind> | undefined {
  return events.findLast((event): event is EventOfKind<Kind> => event.kind === kind);
}

interface SquashStage {
  rehearse(): Promise<Outcome<Rehearsed>>;
  /** Finds texts that differ but mean the same. */
  same(rehearsed: Rehearsed, doubtful: Rehearsed['same']): Promise<Rehearsed['same']>;
  close(): Promise<void>;
}

function createStage(
  project: Project,
  execution: ExecutionOptions,
  { facts, target }: { readonly facts: EventOfKind<'database'>; readonly target: EventOfKind<'target'> },
): SquashStage {
  const { bundle, signal } = execution;
  const rehearsals = createRehearsals({ env: project.env, register: (secret) => project.redactor.register(secret) });
  const tell = (text: string): void => execution.onEvent({ kind: 'rehearsal.progress', text });
  const stopping = signal === undefined ? {} : { signal };
  let rehearsal: Rehearsal | undefined;
  return {
    async rehearse() {
      const { major, files } = facts;
      const migrations = bundle.migrations.filter(({ up }) => files === undefined || files.includes(up.file));
      const through = migrations.at(-1)?.id ?? '';
      const what = migrations.length === 1 ? '1 migration' : `${migrations.length} migrations`;
      tell(`Rehearsing ${what} on PostgreSQL ${major} …`);
      const options = { major, database: target.database, user: target.user, searchPath: facts.searchPath };
      const started = await rehearsals.start(options, { onProgress: tell, ...stopping });
      if (!started.ok) return err(...started.findings.map(unavailable));
      rehearsal = started.value;
      const { searchPath: _, ...surroundings } = facts;
      return await rehearse(
        rehearsal,
        { ...bundle, migrations },
        { major, through, surroundings, countsRows: true, nextRun: () => createRunId(Date.now()), ...stopping },
      );
    },
    async same(rehearsed, doubtful) {
      const session = await rehearsal?.open();
      if (session === undefined || !session.ok) return [];
      try {
        return await sameWords(session.value, rehearsed, doubtful);
      } finally {
        await session.value.close();
      }
    },
    close: async () => await rehearsal?.close(),
  };
}

interface HeldEvents {
  readonly onEvent: (event: RunEvent) => void;
  release(): void;
}

/** Holds back the end of a refused execution until it is known whether another one follows. */
function holdEnd(onEvent: (event: RunEvent) => void): HeldEvents {
  const held: RunEvent[] = [];
  return {
    onEvent(event) {
      const ends = event.kind === 'finding' && (event.finding.code === asks || event.finding.code === 'squash-differs');
      if (ends || event.kind === 'database' || held.length > 0) held.push(event);
      else onEvent(event);
    },
    release() {
      for (const event of held.splice(0)) onEvent(event);
    },
  };
}

/** Ends the refused execution with the reason why the rehearsal failed. */
async function giveUp(options: ExecutionOptions, first: Execution, findings: readonly Finding[]): Promise<Execution> {
  const { task, ledger } = options;
  const exitCode = exitCodeOf(findings);
  const outcome = outcomeOfExitCode(exitCode);
  for (const finding of findings) options.onEvent({ kind: 'finding', finding });
  const ms = eventOf(first, 'run.finished')?.ms ?? 0;
  options.onEvent({ kind: 'run.finished', run: task.run, outcome, exitCode, events: findings.length + 1, ms });
  const entry = (await ledger?.list(task.environment.name))?.find(({ run }) => run === task.run);
  const failure = findings
    .map(({ code, why }) => `${code}: ${why}`)
    .join('; ')
    .slice(0, 2_000);
  if (entry !== undefined) await ledger?.write({ ...entry, finishedAt: options.now(), outcome, exitCode, failure });
  return { ...first, outcome, exitCode, findings };
}
