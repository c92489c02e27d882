import type { Finding } from '../../kit/finding.ts';
import type { RunEvent, RunFinished } from '../../migrate/contract/event.ts';
import { createUnderWay } from './under-way.ts';
import { createWaitLines } from './wait-lines.ts';
import type { Change, Check } from '../../migrate/contract/model.ts';
import { changeSummary } from './changes.ts';
import { checkpointLines } from './checkpoint.ts';
import { checkAdvice, checkLines, checkSummary } from './checks.ts';
import { countOf, duration, size } from './format.ts';
import { shown } from '../../migrate/contract/command-text.ts';
import { execEnding } from './exec-ending.ts';
import { identityLines, settledLine } from './identity.ts';
import { withLocalTimes } from './local-time.ts';
import { pruningLines } from './pruning.ts';
import type { OutputPiece, Screen } from './screen-port.ts';
import { textWidth } from './text-width.ts';

const soonMs = 2_000;

/** Shows a run to people, event by event. */
export function createEventRenderer(screen: Screen): (event: RunEvent) => void {
  const { style } = screen;
  let widest = 0;
  let undone = 0;
  let turnsBack = false;
  let applied = 0;
  let recorded = 0;
  let accepted = 0;
  let executes = false;
  let hookFailed = false;
  let hooks = 0;
  let identifies = false;
  let planned = 0;
  let askedAbout = false;
  let partial = false;
  // True: the last line of a command's output has no line feed yet.
  let open = false;
  const wrote = (piece: OutputPiece): void => {
    open = piece.encoding === undefined ? !piece.text.endsWith('\n') : true;
    screen.output(piece);
  };
  const lineEnd = (): void => {
    if (open && !screen.lasting) screen.say('');
    open = false;
  };
  const checks: Check[] = [];
  const reported = new Set<string>();
  let changes: Change[] = [];
  // The changes arrive in several events, before the checks.
  const showChanges = (): void => {
    const lines = changeSummary(changes);
    // Each finding is a paragraph of its own, so an empty line follows them.
    if (lines.length > 0) screen.say(...(reported.size > 0 ? [''] : []), ...lines);
    changes = [];
  };
  // The finding of a failed migration comes twice: with the migration, and as the verdict of the run.
  const showFinding = (finding: Finding): void => {
    const key = JSON.stringify(finding);
    if (!reported.has(key)) screen.finding(finding);
    reported.add(key);
  };
  const label = (id: string, name: string) => (id === `file:${name}` ? name : `${id} ${name}`);

  // Without a terminal, texts that differ only in numbers are shown once, and a short checkpoint is not shown.
  let counted = '';
  let began: number | undefined;
  const showCheckpoint = (text: string): void => {
    const words = text.replaceAll(/\d+/g, '');
    began ??= Date.now();
    if (words === counted || (screen.lasting && Date.now() - began < soonMs)) screen.live(`checkpoint: ${text}`);
    else {
      screen.passing(`checkpoint: ${text}`);
      counted = words;
    }
  };
  const underWay = createUnderWay(screen);
  const timeouts = createWaitLines(screen, underWay);

  return (event) => {
    switch (event.kind) {
      case 'target':
        screen.target(event.environment, event);
        break;
      case 'connecting':
        screen.say(
          style.dim(
            `Connecting: try ${event.attempt}, ${Math.round(event.waitedMs / 1_000)} s of ${Math.round(event.budgetMs / 1_000)} s. ${event.why}`,
          ),
        );
        break;
      case 'waiting':
        screen.say(style.magenta(`Another run holds the database: ${withLocalTimes(event.holder)}. Waiting …`));
        break;
      case 'checkpoint.progress':
        showCheckpoint(event.text);
        break;
      case 'rehearsal.progress':
        screen.passing(event.text);
        break;
      case 'checkpoint.taken':
        screen.say(...checkpointLines(event.checkpoint, style));
        break;
      case 'plan':
        planned = event.plan.steps.length;
        widest = Math.max(0, ...event.plan.steps.map((step) => textWidth(label(step.id, step.name))));
        turnsBack = event.plan.steps.some((step) => step.direction === 'down');
        break;
      case 'migration.started':
        underWay.started(event, label(event.id, event.name));
        break;
      case 'progress':
        underWay.progress(event);
        break;
      case 'lock.blocked':
      case 'lock.retry':
      case 'build.progress':
      case 'standby.wait':
        timeouts(event);
        break;
      case 'migration.applied': {
        if (event.direction === 'down') undone += 1;
        else if (event.how === 'executed') applied += 1;
        else recorded += 1;
        const how =
          event.how === 'executed'
            ? countOf(event.statements, 'statement')
            : event.how === 'squashed'
              ? 'recorded in place of what it replaces'
              : event.how;
        underWay.applied();
        const arrow = event.direction === 'down' ? style.magenta('↩') : style.green('✔');
        const title = `  ${arrow} ${label(event.id, event.name)}`;
        screen.say({
          rows: [{ cells: [title, style.dim(duration(event.ms).padStart(7)), style.dim(how)] }],
          cut: [0],
          least: [widest + 4],
        });
        break;
      }
      case 'migration.failed':
        underWay.applied();
        // A separate finding follows and says what went wrong.
        screen.say(`  ${style.red('✘')} ${label(event.id, event.name)}`);
        break;
      case 'finding':
        hookFailed ||= event.finding.code === 'hook-failed';
        partial ||= event.finding.code === 'lines-lost' || event.finding.code === 'log-incomplete';
        lineEnd();
        showFinding(event.finding);
        break;
      case 'notice':
        screen.say(style.dim(`    ${event.severity.toLowerCase()}: ${event.text}`));
        break;
      case 'changes':
        changes.push(...event.changes);
        break;
      case 'checks':
        showChanges();
        checks.push(...event.checks);
        screen.say(...checkLines(event.checks, style), ...checkAdvice(event.checks, style));
        break;
      case 'pruning':
        screen.say(...pruningLines(event.pruning));
        break;
      case 'accepted':
        accepted += event.checks.length;
        screen.say(...checkLines(event.checks, style));
        break;
      case 'run.finished':
        screen.settle();
        showChanges();
        screen.findingsLeft();
        screen.say(
          ...(executes
            ? execEnding(event, screen)
            : ending(
                event,
                {
                  applied,
                  recorded,
                  undone,
                  turnsBack,
                  accepted,
                  checks,
                  hooks,
                  hookFailed,
                  identifies,
                  planned,
                  partial,
                },
                screen,
              )),
        );
        break;
      case 'output':
        wrote(event);
        break;
      case 'output.dropped':
        lineEnd();
        screen.say(
          style.dim(`… ${size(event.bytes)} of ${event.stream}, ${countOf(event.lines, 'line')}, are not shown …`),
        );
        break;
      case 'exec.started':
        if (event.hook !== undefined)
          screen.say('', `${style.bold(`Hook ${event.hook}`)}  ${style.dim(shown(event.words))}`);
        break;
      case 'exec.finished':
        hooks += event.exitCode === 0 ? 1 : 0;
        lineEnd();
        break;
      case 'run.started':
        executes = event.task === 'exec';
        identifies ||= event.task === 'identify';
        break;
      case 'identity.settled':
        // The confirmation has already shown this to the person, so it is not shown again.
        if (!event.done) screen.say('', 'This would be settled:');
        if (!event.done || (identifies && !askedAbout)) screen.say('', ...identityLines(event, style));
        if (event.done) screen.say('', settledLine(event, style));
        askedAbout ||= !event.done;
        break;
      case 'cost':
      case 'draft':
      case 'history':
      case 'runs':
      case 'chain':
      case 'chain.history':
      case 'identity':
      case 'recorded.downs':
      case 'database':
      case 'adoption':
      case 'recorded':
      case 'run.details':
        break;
    }
  };
}

interface Tally {
  readonly applied: number;
  /** The number of migrations that were recorded, not executed. */
  readonly recorded: number;
  readonly undone: number;
  /** True: the run was meant to undo migrations. */
  readonly turnsBack: boolean;
  /** The number of differences that were accepted into the baseline. */
  readonly accepted: number;
  readonly checks: readonly Check[];
  /** The number of hooks that passed. */
  readonly hooks: number;
  readonly hookFailed: boolean;
  /** True: the run was meant to settle the identity. */
  readonly identifies: boolean;
  /** Migrations of the plan. */
  readonly planned: number;
  /** True: events are missing, so that nothing can be counted. */
  readonly partial: boolean;
}

function ending(event: RunFinished, tally: Tally, { style, elapsedMs }: Screen): readonly string[] {
  const parts: string[] = [];
  if (tally.applied > 0 && !tally.partial) parts.push(`${countOf(tally.applied, 'migration')} applied`);
  if (tally.recorded > 0 && !tally.partial) parts.push(`${countOf(tally.recorded, 'migration')} recorded`);
  if (tally.undone > 0 && !tally.partial) parts.push(`${countOf(tally.undone, 'migration')} undone`);
  if (tally.accepted > 0) parts.push(`${countOf(tally.accepted, 'difference')} accepted`);
  if (tally.checks.length > 0) parts.push(checkSummary(tally.checks));
  if (tally.hooks > 0) parts.push(`${countOf(tally.hooks, 'hook')} passed`);
  const what = parts.length === 0 ? '' : `: ${parts.join(', ')}`;
  const idle = tally.identifies
    ? 'this database is the environment’s already'
    : tally.planned > 0
      ? 'nothing is left to record'
      : 'nothing is pending';
  const rest = style.dim(`  ${duration(Math.max(event.ms, elapsedMs))} · run ${event.run}`);
  if (event.outcome === 'nothing-to-do')
    return [`${style.green('✔')} Nothing to do: ${[idle, ...parts].join('; ')}.${rest}`];
  if (event.exitCode === 0) return ['', `${style.green(style.bold('✔ Done'))}${what}.${rest}`];
  const unchanged = ['refused', 'busy', 'unreachable'].includes(event.outcome);
  const stopped = unchanged && tally.recorded + tally.applied + tally.undone > 0;
  if (tally.hookFailed) return ['', `${style.red(style.bold('✘ Applied and verified; a hook failed'))}${what}.${rest}`];
  const end = stopped
    ? '✘ Stopped; what was recorded remains'
    : endings[event.outcome].replace('godwit up', tally.turnsBack ? 'godwit down' : 'godwit up');
  return ['', `${style.red(style.bold(end))}${what}.${rest}`];
}

const endings: Readonly<Record<RunFinished['outcome'], string>> = {
  done: '✔ Done',
  'nothing-to-do': '✔ Nothing to do',
  refused: '✘ Refused; nothing was changed',
  busy: '✘ The database is in use by others; nothing was changed',
  unreachable: '✘ The database cannot be reached; nothing was changed',
  failed: '✘ Failed; the failed migration was rolled back',
  'partly-applied': '✘ Failed part-way; finished statements are recorded, `godwit up` resumes after them',
  unknown: '? The outcome is not known yet; `godwit status` will show it',
  'verification-failed': '✘ The database does not match the migrations',
  interrupted: '✘ Interrupted; what was applied is recorded',
  bug: '✘ A bug in godwit',
};
