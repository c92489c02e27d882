import { age, describeBlockers } from '../../migrate/runner/lock-waits/blocker-text.ts';
import type { Blocker } from '../../migrate/contract/blocker.ts';
import type { RunEvent } from '../../migrate/contract/event.ts';
import { duration } from './format.ts';
import type { Screen } from './screen-port.ts';

type WaitEvent = Extract<
  RunEvent,
  { readonly kind: 'lock.blocked' | 'lock.retry' | 'build.progress' | 'standby.wait' }
>;

/** Shows why a run takes long: which session blocks it, which attempt it is at, how far a build is. */
export function createWaitLines(screen: Screen): (event: WaitEvent) => void {
  let reported = '';
  // Each attempt of a run reads the history again, so the same blockers are shown only once.
  let readingBehind = '';
  const showReading = (event: Extract<WaitEvent, { readonly kind: 'lock.blocked' }>): void => {
    const who = event.blockers.map(({ pid }) => pid).join(' ');
    if (who !== readingBehind) screen.say(screen.style.yellow(wordsOf(event)));
    readingBehind = who;
  };
  return (event) => {
    const words = wordsOf(event);
    // In the log of a pipeline, where lines stay, a line is written only when something has changed.
    const step = event.kind === 'build.progress' ? stepOf(event) : event.kind === 'standby.wait' ? event.kind : words;
    if (event.kind === 'lock.blocked' && event.id === '') return showReading(event);
    if (screen.lasting && step === reported) return;
    reported = step;
    screen.passing(words);
  };
}

function wordsOf(event: WaitEvent): string {
  switch (event.kind) {
    case 'lock.blocked': {
      if (event.id === '')
        return `Waiting for ${event.on ?? 'the history'}, which is locked, for ${age(event.waitedMs)}${inTheWay(event.blockers)}. Still waiting …`;
      const behind = event.waiters === 0 ? '' : `; ${event.waiters} waiting behind it`;
      return `${event.id}  has waited for a lock for ${age(event.waitedMs)}${inTheWay(event.blockers)}${behind}`;
    }
    case 'lock.retry': {
      const { attempt, pauseMs, spentMs, budgetMs, blockers } = event;
      const when = `try ${attempt} in ${duration(pauseMs)}, ${age(spentMs)} of ${age(budgetMs)} spent`;
      return `${event.id}  ${causes[event.cause]}, ${when}${inTheWay(blockers)}`;
    }
    case 'standby.wait': {
      const connected = event.connected === '' ? 'none is connected' : `connected: ${event.connected}`;
      return `committed here, has waited ${age(event.waitedMs)} for a synchronous standby to confirm it: synchronous_standby_names is “${event.standbys}”, ${connected} (see pg_stat_replication); a stop ends the wait, and the commit remains`;
    }
    case 'build.progress': {
      const object = event.object === '' ? '' : ` ${event.object}`;
      const percent = event.percent === null ? '' : `, ${event.percent} %`;
      const left = event.leftMs === null || event.leftMs < 1000 ? '' : `, about ${age(event.leftMs)} left`;
      return `${event.id}  ${event.command}${object}: ${event.phase}${percent}${left}`;
    }
  }
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
