import { nodeHashing } from '../adapters/files/hashing.ts';
import { createRehearsals } from '../adapters/rehearsal/throwaway.ts';
import { fault } from '../kit/fault.ts';
import type { Finding } from '../kit/finding.ts';
import { err, ok, type Outcome } from '../kit/outcome.ts';
import type { Rehearsed } from '../migrate/contract/rehearsed.ts';
import type { Execution } from '../migrate/controller/execute-task.ts';
import type { RunEvent, EventOfKind } from '../migrate/contract/event.ts';
import type { Plan } from '../migrate/contract/model.ts';
import type { Bundle, Target } from '../migrate/contract/ports.ts';
import { withRehearsed } from '../migrate/read/bundle.ts';
import { rehearse } from '../migrate/rehearsal/rehearse.ts';
import type { Rehearsal, RehearsalOptions } from '../migrate/rehearsal/rehearsal.ts';
import { sameWords } from '../migrate/rehearsal/reparse.ts';
import type { PlanTask, Selection, Actor } from '../migrate/contract/task.ts';
import type { Project } from '../project/open.ts';
import { createRunId } from '../project/run-id.ts';
import { planTask } from './tasks.ts';

/** The context of the preparation of an adoption. */
export interface RehearseAdoptionOptions {
  readonly bundle: Bundle;
  readonly actor: Actor;
  readonly selection: Selection;
  readonly how: 'adopt' | 'baseline';
  /** The tool, or its table, that says what is applied. */
  readonly from?: string | undefined;
  /** Has a read-only task executed next to the database, with this bundle. */
  readonly execute: (task: PlanTask, bundle: Bundle) => Promise<Execution>;
  /** Receives the progress, as text. */
  readonly onProgress: (text: string, step: 'download' | 'step' | 'other') => void;
  readonly signal?: AbortSignal;
}

/** A rehearsed adoption, before anything is recorded. */
export interface RehearsedAdoption {
  readonly plan: Plan;
  /** Includes the results of the rehearsal, if there are any. */
  readonly bundle: Bundle;
  /** The last read-only execution, which shows what an adoption would report. */
  readonly look: Execution;
  readonly findings: readonly Finding[];
}

/**
 * Prepares an adoption: queries the database for its facts, runs the migrations on a throwaway server of its major,
 * compares the database with what they made, and has that server reparse texts that differ.
 */
export async function rehearseAdoption(
  project: Project,
  options: RehearseAdoptionOptions,
): Promise<Outcome<RehearsedAdoption>> {
  const { bundle, execute, how, from } = options;
  const task = (): PlanTask => ({
    ...planTask(project, options.actor, options.selection),
    adopts: how,
    ...(from === undefined ? {} : { from }),
  });
  const first = await execute(task(), bundle);
  const plan = eventOf(first, 'plan')?.plan;
  const facts = eventOf(first, 'database');
  const target = eventOf(first, 'target');
  if (first.exitCode !== 0 || plan === undefined || facts === undefined || target === undefined)
    return err(
      ...(first.findings.length > 0 ? first.findings : [fault('bug', { why: 'The runner did not send a plan.' })]),
    );
  if (first.outcome === 'nothing-to-do') return ok({ plan, bundle, look: first, findings: [] });
  const stage = createStage(project, options, { facts, target, plan });
  try {
    const rehearsed = await stage.rehearse();
    if (!rehearsed.ok) {
      const aborted = options.signal?.aborted === true;
      if (how !== 'baseline' || aborted) return rehearsed;
      const findings = rehearsed.findings.map((finding) => ({ ...finding, severity: 'warning' as const }));
      return ok({ plan, bundle, look: first, findings });
    }
    let known = withRehearsed(bundle, rehearsed.value, nodeHashing);
    let look = await execute(task(), known);
    const adoption = eventOf(look, 'adoption');
    if (adoption === undefined) return err(...look.findings);
    const same = await stage.sameAt(rehearsed.value, adoption);
    if (!same.ok) return same;
    if (same.value.length > 0) {
      known = withRehearsed(bundle, { ...rehearsed.value, same: same.value }, nodeHashing);
      look = await execute(task(), known);
    }
    return ok({ plan, bundle: known, look, findings: [] });
  } finally {
    await stage.close();
  }
}

function eventOf<Kind extends RunEvent['kind']>({ events }: Execution, kind: Kind): EventOfKind<Kind> | undefined {
  return events.findLast((event): event is EventOfKind<Kind> => event.kind === kind);
}

interface KnownTarget {
  readonly facts: EventOfKind<'database'>;
  readonly target: Target;
  readonly plan: Plan;
}

interface AdoptionStage {
  rehearse(): Promise<Outcome<Rehearsed>>;
  sameAt(rehearsed: Rehearsed, adoption: EventOfKind<'adoption'>): Promise<Outcome<Rehearsed['same']>>;
  close(): Promise<void>;
}

/** Manages the throwaway server, which is kept while it is needed. */
function createStage(
  project: Project,
  options: RehearseAdoptionOptions,
  { facts, target, plan }: KnownTarget,
): AdoptionStage {
  const { onProgress } = options;
  const { files } = facts;
  const { migrations } = options.bundle;
  const bundle = {
    ...options.bundle,
    migrations: migrations.filter(({ up }) => files === undefined || files.includes(up.file)),
  };
  const signal = options.signal === undefined ? {} : { signal: options.signal };
  const rehearsals = createRehearsals({ env: project.env, register: (secret) => project.redactor.register(secret) });
  const asked = new Set(plan.steps.map(({ id }) => id));
  // A squashed migration is also compared with what the migrations after it have left.
  const whole = plan.steps.some(({ standsFor }) => standsFor !== undefined);
  const last = bundle.migrations.findLast(({ id }) => whole || asked.has(id))?.id ?? '';
  const terms: RehearsalOptions = {
    major: facts.major,
    database: target.database,
    user: target.user,
    searchPath: facts.searchPath,
  };
  let rehearsal: Rehearsal | undefined;
  const upTo = async (through: string): Promise<Outcome<Rehearsed>> => {
    await rehearsal?.close();
    const count = bundle.migrations.findIndex(({ id }) => id === through) + 1;
    const what = count === 1 ? '1 migration' : `${count} migrations`;
    onProgress(`Rehearsing ${what} on PostgreSQL ${facts.major} …`, 'step');
    const started = await rehearsals.start(terms, { onProgress, ...signal });
    if (!started.ok) return err(...started.findings.map(unavailable));
    rehearsal = started.value;
    return await rehearse(rehearsal, bundle, {
      major: facts.major,
      through,
      surroundings: facts,
      countsRows: whole,
      nextRun: () => createRunId(Date.now()),
      ...signal,
      onStep: (done) => onProgress(`Rehearsing ${what} on PostgreSQL ${facts.major}: ${done} done`, 'other'),
    });
  };
  return {
    rehearse: () => upTo(last),
    async sameAt(rehearsed, { nearest, doubtful }) {
      if (doubtful.length === 0) return ok([]);
      // Texts are reparsed on a server whose objects are those of the database.
      const whole = rehearsed.steps.at(-1)?.id === nearest;
      const again = whole ? ok(rehearsed) : await upTo(nearest);
      if (!again.ok) return again;
      const session = await rehearsal?.open();
      if (session === undefined || !session.ok) return ok([]);
      try {
        return ok(await sameWords(session.value, again.value, doubtful));
      } finally {
        await session.value.close();
      }
    },
    close: async () => await rehearsal?.close(),
  };
}

/** Explains why there is no throwaway server. */
export function unavailable(finding: Finding): Finding {
  if (finding.code === 'interrupted') return finding;
  const { fix } = fault('rehearsal-unavailable');
  return fault('rehearsal-unavailable', { why: finding.why, fix: `${finding.fix} Or: ${fix}` });
}
