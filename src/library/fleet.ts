import { fault } from '../kit/fault.ts';
import type { Finding } from '../kit/finding.ts';
import type { OptionNames } from '../kit/known-options.ts';
import { ok, type Outcome } from '../kit/outcome.ts';
import type { RunOutcome } from '../migrate/contract/run-outcome.ts';
import { changeRequestOf } from '../operations/change-request.ts';
import { openFleet, type FleetSource } from '../operations/fleet/fleet.ts';
import type { MemberEnd } from '../operations/fleet/member-end.ts';
import { readList } from '../operations/fleet/read-list.ts';
import { upFleet } from '../operations/fleet/up-fleet.ts';
import { call, openingOf, projectOptionNames, refusal, type Ending } from './call.ts';
import type { DeployOptions } from './change.ts';

/** The options of `deployAll`: those of `deploy` that can hold for many databases, and which databases. */
export interface DeployAllOptions extends Omit<DeployOptions, 'detach' | 'planHash'> {
  /**
   * The databases: names on the server of the environment, URLs, or `schema=NAME`; in the form of the lines of
   * `--databases`.
   */
  readonly databases?: readonly string[] | undefined;
  /** In place of `databases`: a query on the environment's database that returns them in one column. */
  readonly databasesQuery?: string | undefined;
  /** In place of `databases`: a query on the environment's database that returns names of its schemas. */
  readonly schemasQuery?: string | undefined;
  /** How many databases are worked on at once; default: 8. */
  readonly parallel?: number | undefined;
  /** how many databases must have succeeded, or have everything already, before the others begin; default: 1. */
  readonly canary?: number | undefined;
  /** After so many failures nothing else begins; 0: all are tried. Default: 10. */
  readonly stopAfter?: number | undefined;
}

/** How the work in one of many databases ended. */
export interface DeployedDatabase {
  /** Its entry in the list; of a URL without user and password. */
  readonly entry: string;
  /** `not-started`: nothing was begun there. */
  readonly outcome: RunOutcome | 'not-started';
  readonly exitCode: number;
  /** Id of the run; empty if no run was started. */
  readonly run: string;
  /** How many migrations were applied. */
  readonly applied: number;
  /** The errors; of a success none. */
  readonly findings: readonly Finding[];
}

/** What `deployAll` returns. `exitCode` is the gravest of all databases; `findings` are about the whole. */
export interface DeployedAll extends Ending {
  /** In the order of the list; empty if the call was refused before anything began. */
  readonly databases: readonly DeployedDatabase[];
}

const deployAllOptions: OptionNames<DeployAllOptions> = {
  ...projectOptionNames,
  to: true,
  file: true,
  plan: true,
  allowRowLoss: true,
  waiveCheckpoint: true,
  waitMs: true,
  lockBudgetMs: true,
  takeOver: true,
  onDisconnect: true,
  outOfOrder: true,
  resumeUp: true,
  tx: true,
  destroyRows: true,
  ignoreForeign: true,
  verify: true,
  strict: true,
  databases: true,
  databasesQuery: true,
  schemasQuery: true,
  parallel: true,
  canary: true,
  stopAfter: true,
};

const nothing = { databases: [] };

/**
 * Applies what is pending in each of many databases, in a run of its own. One that fails does not stop the others. Does
 * all that `godwit up --databases` does.
 *
 * @param options the project, the databases, limits and consents, see {@link DeployAllOptions}
 * @returns how the call ended, and how each database did
 * @throws GodwitError only with `throwOnFailure`; expected failures are findings
 * @example
 * const { exitCode, databases } = await deployAll({ cwd: projectFolder, databases: ['schema=acme'] });
 * // exitCode: 10, databases.map((one) => one.findings[0]?.code): ['schema-missing']
 */
export async function deployAll(options: DeployAllOptions = {}): Promise<DeployedAll> {
  const about = { name: 'deployAll', options, known: deployAllOptions, nothing };
  const request = await changeRequestOf(openingOf(options).cwd, 'up', options);
  const source = sourceOf(options);
  const needs = { file: request.ok ? (request.value.reviewed?.file ?? options.file) : undefined, changes: true };
  return await call<DeployedAll>(about, needs, async ({ operation, findings }) => {
    if (!request.ok) return { ...refusal(request.findings), ...nothing };
    if (!source.ok) return { ...refusal(source.findings), ...nothing };
    const opened = await openFleet(operation.ready, source.value, options.parallel);
    if (!opened.ok) return { ...refusal([...findings, ...opened.findings]), ...nothing };
    const fleet = opened.value;
    const { canary, stopAfter } = options;
    const ended = await upFleet(
      { ...operation, command: 'up' },
      fleet,
      { ...request.value, canary, stopAfter },
      { onEvent: (_, event) => operation.ui.onEvent(event), onEnd: () => {}, onPlan: () => {} },
    );
    if (!ended.ok) return { ...refusal([...findings, ...ended.findings]), ...nothing };
    const { outcome, exitCode, ends, stopped } = ended.value;
    const about = [...findings, ...fleet.findings, ...(stopped === undefined ? [] : [stopped])];
    return { outcome, exitCode, findings: about, databases: ends.map(databaseOf) };
  });
}

function databaseOf({ member, outcome, exitCode, run, applied, findings }: MemberEnd): DeployedDatabase {
  return { entry: member.name, outcome, exitCode, run, applied, findings };
}

function sourceOf({ databases, databasesQuery, schemasQuery }: DeployAllOptions): Outcome<FleetSource> {
  const given = [databases, databasesQuery, schemasQuery].filter((one) => one !== undefined);
  if (given.length !== 1) {
    const why = 'Exactly one of `databases`, `databasesQuery` and `schemasQuery` is needed.';
    return { ok: false, findings: [fault('wrong-usage', { why })] };
  }
  if (databasesQuery !== undefined)
    return ok({ query: { sql: databasesQuery, option: 'databasesQuery', what: 'databases' } });
  if (schemasQuery !== undefined) return ok({ query: { sql: schemasQuery, option: 'schemasQuery', what: 'schemas' } });
  const listed = readList((databases ?? []).join('\n'), 'databases');
  return listed.ok ? ok({ listed: listed.value }) : listed;
}
