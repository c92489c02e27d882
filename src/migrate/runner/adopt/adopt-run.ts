import { fault } from '../../../kit/fault.ts';
import type { Finding } from '../../../kit/finding.ts';
import { err, ok, type Outcome } from '../../../kit/outcome.ts';
import { quoteLiteral } from '../../../sql/quote.ts';
import type { FoundObject } from './judge.ts';
import { isAllRecorded } from './foreign/choose-claim.ts';
import type { ForeignClaim } from './foreign/match-entries.ts';
import { findObjects } from './find-objects.ts';
import { planAdoption, type AdoptionPlan, type AdoptionOptions } from './plan-adoption.ts';
import { isHome, keyOfName } from '../../contract/catalogue-object.ts';
import { stateAt, type Rehearsed, type SameWord } from '../../contract/rehearsed.ts';
import { opening } from '../apply/message.ts';
import { noStatements, record as recordCall } from '../apply/step-message.ts';
import { nextHead } from '../history/head.ts';
import type { PlanStep } from '../../contract/model.ts';
import { newestVersion } from '../history/newest-version.ts';
import type { Session } from '../../contract/ports.ts';
import type { RunnerPorts } from '../../contract/runner-ports.ts';
import { serverFault } from '../../contract/server-fault.ts';
import { majorOf } from '../session/server-facts.ts';
import { keepingDown } from '../history/keep-down.ts';
import type { RunSession } from '../run/run-session.ts';
import type { Opened } from '../session/open.ts';
import { squashProof } from './record-squashed.ts';
import { verdictOf, succeeded, type Verdict } from '../../contract/verdict.ts';

/** What will be recorded, and what was found for it in the target. */
export interface Adoption {
  readonly plan: AdoptionPlan;
  readonly found: ReadonlyMap<string, FoundObject>;
  /** Texts of squashed migrations that may mean the same. */
  readonly doubtful: readonly SameWord[];
  /** What another tool says is applied. */
  readonly claim?: ForeignClaim | undefined;
}

/** What is compared. */
interface AdoptionTarget extends Pick<Opened, 'facts' | 'history'> {
  readonly steps: readonly PlanStep[];
}

/** Compares the target with what the rehearsal made, and decides what is recorded. Changes nothing. */
export async function lookForAdoption(
  session: Session,
  ports: RunnerPorts,
  { steps, facts, history }: AdoptionTarget,
  options: AdoptionOptions,
): Promise<Outcome<Adoption>> {
  const { rehearsed } = ports.bundle;
  const { claim } = options;
  if (claim !== undefined && isAllRecorded(claim, steps)) return ok(nothingToAdopt(claim));
  const major = majorOf(facts);
  if (rehearsed === undefined && options.how !== 'baseline') return err(fault('rehearsal-unavailable'));
  if (rehearsed !== undefined && rehearsed.major !== major) {
    const why = `The rehearsal ran on PostgreSQL ${rehearsed.major}, but the database is on ${major}.`;
    return err(fault('rehearsal-unavailable', { why, fix: 'Run the command again.' }));
  }
  const found =
    rehearsed === undefined
      ? ok(new Map<string, FoundObject>())
      : await findObjects(session, rehearsed, history.version >= newestVersion);
  if (!found.ok) return found;
  const squashed = steps.filter(({ standsFor }) => standsFor !== undefined);
  const plan = planAdoption(
    steps.filter((step) => !squashed.includes(step)),
    rehearsed,
    found.value,
    options,
  );
  if (squashed.length === 0) return ok({ plan, found: found.value, doubtful: [], claim });
  const proof = await squashProof(session, ports, { facts, history }, { ...options.selection, how: options.how });
  if (!proof.ok) return proof;
  const { findings, doubtful } = proof.value;
  const refused = findings.some(({ severity }) => severity === 'error');
  const records = [...squashed.map(({ id }) => ({ id, kind: 'squashed' as const })), ...plan.records];
  const whole = {
    ...plan,
    records: refused ? [] : records,
    findings: [...findings, ...(refused ? [] : plan.findings)],
  };
  return ok({ plan: whole, found: found.value, doubtful, claim });
}

function nothingToAdopt(claim: ForeignClaim): Adoption {
  return { plan: { records: [], findings: [], judgement: undefined }, found: new Map(), doubtful: [], claim };
}

/** Records what was decided: each migration in one transaction with the definitions of what it made. */
export async function adoptRun(
  ports: RunnerPorts,
  live: RunSession,
  steps: readonly PlanStep[],
  { plan, found, claim }: Adoption,
): Promise<Verdict> {
  for (const { id, kind } of plan.records) {
    if (ports.signal.aborted) return verdictOf(fault('interrupted'));
    const step = steps.find((one) => one.id === id);
    if (step === undefined) throw new Error(`migration ${id} is adopted and not planned`);
    const words = kind === 'squashed' ? [] : baselineOf(ports.bundle.rehearsed, id, found);
    const origin = claim === undefined ? undefined : originOf(claim, id);
    const refused = await recordUnexecuted(ports, live, { ...step, kind }, { words, origin });
    if (refused === undefined) continue;
    return ports.signal.aborted ? verdictOf(fault('interrupted')) : verdictOf((await live.cancelledBy()) ?? refused);
  }
  return adoptionVerdict(plan);
}

/** The verdict on an adoption that was recorded, or had nothing to record. */
export function adoptionVerdict({ records, findings }: AdoptionPlan): Verdict {
  if (records.length === 0 && findings.length === 0) return succeeded('nothing-to-do');
  return findings.some(({ severity }) => severity === 'error') ? verdictOf(...findings) : { ...succeeded(), findings };
}

interface RecordedWith {
  /** Statements that add what it made to the baseline. */
  readonly words?: readonly string[];
  /** Where another tool has it, and since when. */
  readonly origin?: object | undefined;
}

function originOf({ history, claimed }: ForeignClaim, migration: string): object {
  const { tool, table } = history;
  const at = claimed.get(migration)?.at ?? '';
  return { migration, tool, table, ...(at === '' ? {} : { at }) };
}

/** Records one migration without executing anything; undefined: it was recorded. */
export async function recordUnexecuted(
  ports: RunnerPorts,
  live: RunSession,
  step: PlanStep & { readonly kind: 'adopted' | 'baseline' | 'squashed' },
  { words = [], origin }: RecordedWith = {},
): Promise<Finding | undefined> {
  const { id, name, file, checksum, direction, kind } = step;
  const head = nextHead(ports.hashing, live.head, { kind, id, checksum });
  const call = recordCall(step, live.run, { head, nextStarted: '' }, noStatements(0));
  const chained = words.length === 0 ? [] : [`SELECT godwit.chain_baseline(${quoteLiteral(live.run)})`];
  const migration = ports.bundle.migrations.find((one) => one.id === id);
  const keeping = migration === undefined ? undefined : keepingDown(ports.bundle, migration, live.schema);
  const kept = keeping === undefined ? [] : [await keeping(live.run)];
  const claimed =
    origin === undefined
      ? []
      : [
          `SELECT godwit.log(${quoteLiteral(live.run)}, ARRAY['claimed'], ARRAY[${quoteLiteral(JSON.stringify(origin))}])`,
        ];
  const commands = [...opening(live.epoch, live.head), ...kept, ...claimed, call, ...words, ...chained, 'COMMIT'];
  const reply = await live.session.send(commands.map((command) => `${command};\n`).join(''));
  if (!reply.ok) {
    if (!reply.error.lost) await live.session.send('ROLLBACK');
    return serverFault(reply.error, { file });
  }
  live.moveTo(head);
  ports.emit({ kind: 'migration.applied', id, name, direction, how: kind, ms: 0, statements: 0 });
  return undefined;
}

const objectsPerStatement = 500;

/** Statements that add what a migration wrote to the baseline, as the target defines it. */
function baselineOf(
  rehearsed: Rehearsed | undefined,
  id: string,
  found: ReadonlyMap<string, FoundObject>,
): readonly string[] {
  const index = rehearsed?.steps.findIndex((step) => step.id === id) ?? -1;
  if (rehearsed === undefined || index < 0) return [];
  const values = rehearsed.objects.flatMap((object): readonly string[] => {
    const there = found.get(keyOfName(object));
    if (there === undefined || !object.states.some(({ step }) => step === index)) return [];
    const made = stateAt(object, index)?.made === index;
    const { kind, name, address, home, words } = there;
    const list = `array[${words.map(quoteLiteral).join(', ')}]::text[]`;
    const now = '(select seq from godwit.guard)';
    return [
      `(${address.class}::oid, ${address.oid}::oid, ${address.sub}, ${quoteLiteral(kind)}, ${quoteLiteral(name)}, ${home.class}::oid, ${home.oid}::oid, ${list}, ${object.whole && isHome(address, home)}, ${made ? now : 'null::bigint'}, ${now})`,
    ];
  });
  const statements: string[] = [];
  for (let at = 0; at < values.length; at += objectsPerStatement)
    statements.push(`INSERT INTO godwit.object (class, oid, sub, kind, name, home_class, home, words, whole, made, seq)
VALUES ${values.slice(at, at + objectsPerStatement).join(',\n')}
ON CONFLICT (class, oid, sub) DO UPDATE SET kind = excluded.kind, name = excluded.name, home_class = excluded.home_class, home = excluded.home, words = excluded.words,
  whole = godwit.object.whole OR excluded.whole, made = coalesce(godwit.object.made, excluded.made), seq = excluded.seq, drifted = false`);
  return statements;
}
