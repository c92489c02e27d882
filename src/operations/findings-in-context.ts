import { catalogue } from '../kit/catalogue/index.ts';
import { commandTexts, notExecuted } from '../kit/catalogue/exec.ts';
import type { Finding } from '../kit/finding.ts';
import type { RunEvent } from '../migrate/contract/event.ts';
import type { Execution } from '../migrate/controller/execute-task.ts';
import { isChange } from '../migrate/contract/task.ts';
import type { Project } from '../project/open.ts';

/** What an execution is about. */
export interface ExecutionSubject {
  readonly run: string;
  /** The kind of the task; absent: not known. */
  readonly kind?: string | undefined;
}

/** Completes findings with what is known where they are reported. */
export interface FindingsInContext {
  readonly event: (event: RunEvent) => RunEvent;
  readonly finding: (finding: Finding) => Finding;
  readonly execution: (execution: Execution) => Execution;
}

/**
 * Fills the names into the texts of findings: the run, and the resources of the environment. For a command of the user,
 * texts about migrations are replaced by those about a command, which depend on whether it has begun.
 */
export function findingsInContext(
  { remote }: Pick<Project, 'remote'>,
  { run, kind }: ExecutionSubject,
): FindingsInContext {
  let begun = false;
  const names: Readonly<Record<string, string | undefined>> = {
    RUN: kind === undefined || isChange(kind) ? run : undefined,
    ...resourcesOf(remote),
  };
  const finding = (given: Finding): Finding => named(kind === 'exec' ? aboutCommand(given, begun) : given, names);
  const event = (given: RunEvent): RunEvent => {
    begun ||= given.kind === 'exec.started';
    return given.kind === 'finding' ? { ...given, finding: finding(given.finding) } : given;
  };
  return {
    event,
    finding,
    execution: (given) => ({ ...given, findings: given.findings.map(finding), events: given.events.map(event) }),
  };
}

function resourcesOf(remote: Project['remote']): Readonly<Record<string, string | undefined>> {
  if (remote === undefined) return {};
  const { region, project, secret, serviceAccount, instance } = remote.options;
  return {
    REGION: region,
    PROJECT: project,
    SECRET: secret,
    ACCOUNT: serviceAccount,
    INSTANCE: instance?.split(':').at(-1),
  };
}

/** In commands only: prose may have the same words. A run in progress and an unknown one are other runs than this. */
function named(finding: Finding, names: Readonly<Record<string, string | undefined>>): Finding {
  const { code, why } = finding;
  const own: Readonly<Record<string, string | undefined>> = {
    ...names,
    ...(code === 'run-under-way' || code === 'unknown-run' || code === 'run-not-detached' ? { RUN: undefined } : {}),
    JOB: /(?:\bjobs\/|\b[Jj]ob )([a-z][a-z0-9-]*\d[a-z0-9-]*)/.exec(why)?.[1],
  };
  const filled = (command: string): string =>
    command.replaceAll(/(?<=[\s:=])[A-Z]{3,}(?=[\s`:@]|$)/g, (word) => own[word] ?? word);
  return { ...finding, fix: finding.fix.replaceAll(/`(?:godwit|gcloud) [^`]*`/g, filled) };
}

const aboutMigrations = /`godwit (?:up|status|plan)\b|\bmigrations?\b|\bapplied\b|continues where/;

function aboutCommand(finding: Finding, begun: boolean): Finding {
  const text = Object.hasOwn(commandTexts, finding.code) ? commandTexts[finding.code] : undefined;
  if (text === undefined) return finding;
  const general = catalogue[finding.code];
  const stopped = finding.code === 'interrupted' || finding.code === 'taken-over';
  return {
    ...finding,
    why: finding.why === general.why ? (text.why ?? finding.why) : finding.why,
    fix:
      stopped && !begun
        ? notExecuted
        : finding.fix === general.fix || aboutMigrations.test(finding.fix)
          ? text.fix
          : finding.fix,
  };
}
