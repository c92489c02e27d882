import type { Finding } from '../../kit/finding.ts';
import type { RunEvent } from '../../migrate/contract/event.ts';
import { createUnderWay } from './under-way.ts';
import { createWaitLines } from './wait-lines.ts';
import type { Change, Check } from '../../migrate/contract/model.ts';
import { changeSummary } from './changes.ts';
import { checkpointLines } from './checkpoint.ts';
import { checkAdvice, checkLines } from './checks.ts';
import { countOf, duration, size } from './format.ts';
import { shown } from '../../migrate/contract/command-text.ts';
import { execEnding } from './exec-ending.ts';
import { runEnding } from './run-ending.ts';
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
  let together = false;
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

  // True: the line under way tells what lasts until the next event.
  let untilNext = false;
  let isLast = false;

  return (event) => {
    if (untilNext) screen.settle();
    untilNext = false;
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
        screen.live('waiting for the other run');
        untilNext = true;
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
        together = event.plan.tx === 'all';
        widest = Math.max(0, ...event.plan.steps.map((step) => textWidth(label(step.id, step.name))));
        turnsBack = event.plan.steps.some((step) => step.direction === 'down');
        break;
      case 'migration.started':
        isLast = event.index === event.of;
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
        underWay.over();
        const arrow = event.direction === 'down' ? style.magenta('↩') : style.green('✔');
        const title = `  ${arrow} ${label(event.id, event.name)}`;
        screen.say({
          rows: [{ cells: [title, style.dim(duration(event.ms).padStart(7)), style.dim(how)] }],
          cut: [0],
          least: [widest + 4],
        });
        if (isLast && event.how === 'executed') screen.live('checking the database');
        break;
      }
      case 'migration.failed':
        underWay.over();
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
        underWay.over();
        showChanges();
        screen.findingsLeft();
        screen.say(
          ...(executes
            ? execEnding(event, screen)
            : runEnding(
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
                  together,
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
        screen.live(event.hook === undefined ? 'the command is running' : `hook ${event.hook} is running`);
        break;
      case 'exec.finished':
        hooks += event.exitCode === 0 ? 1 : 0;
        screen.settle();
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
      case 'database.finished':
      case 'databases.finished':
        break;
    }
  };
}
