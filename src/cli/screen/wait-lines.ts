import { age, describeBlockers } from '../../migrate/runner/lock-waits/blocker-text.ts';
import type { Blocker } from '../../migrate/contract/blocker.ts';
import type { RunEvent } from '../../migrate/contract/event.ts';
import { duration } from './format.ts';
import type { Screen } from './screen-port.ts';
import type { About, UnderWay } from './under-way.ts';

type WaitEvent = Extract<
  RunEvent,
  { readonly kind: 'lock.blocked' | 'lock.retry' | 'build.progress' | 'standby.wait' }
>;

/** Shows why a run takes long: which session blocks it, which attempt it is at, how far a build is. */
export function createWaitLines(screen: Screen, underWay: UnderWay): (event: WaitEvent) => void {
  let reported = '';
  // Each attempt of a run reads the history again, so the same blockers are shown only once.
  let readingBehind = '';
  const showReading = (event: Extract<WaitEvent, { readonly kind: 'lock.blocked' }>): void => {
    const who = event.blockers.map(({ pid }) => pid).join(' ');
    if (who !== readingBehind) screen.say(screen.style.magenta(waitWords(event)));
    readingBehind = who;
  };
  return (event) => {
    const words = waitWords(event);
    // In the log of a pipeline, where lines stay, a line is written only when something has changed.
    const step = event.kind === 'build.progress' ? stepOf(event) : event.kind === 'standby.wait' ? event.kind : words;
    if (event.kind === 'lock.blocked' && event.id === '') return showReading(event);
    if (screen.lasting && step !== reported) screen.say(screen.style.dim(`    ${words}`));
    reported = step;
    if (event.kind === 'standby.wait') screen.live(words);
    else underWay.shows(event.id, aboutOf(event));
  };
}

/** What the line of the migration under way tells: numbers first, which are never cut. */
function aboutOf(event: Exclude<WaitEvent, { readonly kind: 'standby.wait' }>): About {
  switch (event.kind) {
    case 'lock.blocked':
      return { facts: [`has waited for a lock for ${age(event.waitedMs)}`], more: behindOf(event) };
    case 'lock.retry':
      return {
        facts: [`try ${event.attempt} in ${duration(event.pauseMs)}`],
        more: `${causes[event.cause]}${inTheWay(event.blockers)}`,
      };
    case 'build.progress': {
      const { command, object, phase } = event;
      const name = /^\d+$/.test(object) ? '' : object;
      const more = [phase, name].filter((text) => text !== '').join(' of ');
      return { facts: estimateOf(event), more, build: { command, object } };
    }
  }
}

/** Why something takes long, in one line. */
export function waitWords(event: WaitEvent): string {
  switch (event.kind) {
    case 'lock.blocked': {
      if (event.id === '')
        return `Waiting for ${event.on ?? 'the history'}, which is locked, for ${age(event.waitedMs)}${inTheWay(event.blockers)}. Still waiting …`;
      return `${event.id}  has waited for a lock for ${age(event.waitedMs)}; ${behindOf(event)}`.replace(/; $/, '');
    }
    case 'lock.retry': {
      return `${event.id}  ${causes[event.cause]}, ${tryOf(event)}${inTheWay(event.blockers)}`;
    }
    case 'standby.wait': {
      const connected = event.connected === '' ? 'none is connected' : `connected: ${event.connected}`;
      return `committed here, has waited ${age(event.waitedMs)} for a synchronous standby to confirm it: synchronous_standby_names is “${event.standbys}”, ${connected} (see pg_stat_replication); a stop ends the wait, and the commit remains`;
    }
    case 'build.progress': {
      const object = event.object === '' ? '' : ` ${event.object}`;
      const estimate = estimateOf(event);
      return `${event.id}  ${estimate.length === 0 ? '' : `${estimate.join(', ')} · `}${event.command}${object}: ${event.phase}`;
    }
  }
}

function behindOf({ blockers, waiters }: Extract<WaitEvent, { readonly kind: 'lock.blocked' }>): string {
  const behind = waiters === 0 ? '' : `; ${waiters} waiting behind it`;
  return `${inTheWay(blockers)}${behind}`.replace(/^; /, '');
}

function tryOf({ attempt, pauseMs, spentMs, budgetMs }: Extract<WaitEvent, { readonly kind: 'lock.retry' }>): string {
  return `try ${attempt} in ${duration(pauseMs)}, ${age(spentMs)} of ${age(budgetMs)} spent`;
}

/** `41 %`, `about 3 min left` */
function estimateOf({ percent, leftMs }: Extract<WaitEvent, { readonly kind: 'build.progress' }>): readonly string[] {
  return [
    ...(percent === null ? [] : [`${percent} %`]),
    ...(leftMs === null || leftMs < 1000 ? [] : [`about ${age(leftMs)} left`]),
  ];
}

const causes = {
  timeout: 'no lock in time',
  deadlock: 'a deadlock',
  crowd: 'stepped back, because too many waited behind it',
  conflict: 'other sessions changed its rows',
};

function inTheWay(blockers: readonly Blocker[]): string {
  return blockers.length === 0 ? '' : `; in the way: ${describeBlockers(blockers)}`;
}

function stepOf({ command, object, phase, percent }: Extract<WaitEvent, { readonly kind: 'build.progress' }>): string {
  return `${command} ${object} ${phase} ${percent === null ? '' : Math.floor(percent / 10)}`;
}
