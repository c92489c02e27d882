import { fault } from '../kit/fault.ts';
import { milliseconds } from '../kit/duration.ts';
import { err, ok, type Outcome } from '../kit/outcome.ts';
import { readBareName } from '../migrate/read/read-bare-file.ts';
import type { OnDisconnect, Selection } from '../migrate/contract/task.ts';
import { defaultWaitMs } from '../project/tasks.ts';
import type { Typed } from './command.ts';

/** The migrations that `--to`, `--out-of-order` and `--file` name. */
export function selectionOf(typed: Typed, direction: 'up' | 'down'): Outcome<Selection> {
  const { to, file } = typed.values;
  if (to !== undefined && !/^\d{1,40}$/.test(to)) return wrong(`--to ${to}: a version is a number.`);
  if (to !== undefined && file !== undefined) return wrong('--to and --file do not go together.');
  const resumes = typed.switches.has('resume-up');
  const narrows = ['to', 'file', 'out-of-order', 'down'].find(
    (name) => name in typed.values || typed.switches.has(name),
  );
  if (resumes && narrows !== undefined) return wrong(`--resume-up and --${narrows} do not go together.`);
  const bare = file === undefined ? undefined : readBareName(file);
  return ok({
    // Applying a file that undoes another is undoing that other one.
    direction: bare?.undoes === true ? 'down' : direction,
    outOfOrder: typed.switches.has('out-of-order'),
    ...(to === undefined ? {} : { to }),
    ...(resumes ? { resumeUp: true } : {}),
    ...(bare === undefined ? {} : { only: [bare.id] }),
  });
}

/** `--wait DURATION` in milliseconds. */
export function waitOf(typed: Typed): Outcome<number> {
  const text = typed.values['wait'];
  const ms = text === undefined ? defaultWaitMs : milliseconds(text);
  return ms === undefined ? wrong(`--wait ${text}: write a duration such as 30s or 5min.`) : ok(ms);
}

/** `--on-disconnect cancel|finish`: cancel by default. */
export function onDisconnectOf(typed: Typed): Outcome<OnDisconnect> {
  const text = typed.values['on-disconnect'] ?? 'cancel';
  if (text === 'cancel' || text === 'finish') return ok(text);
  return wrong(`--on-disconnect ${text}: say cancel or finish.`);
}

/** `--lock-budget DURATION` in milliseconds, if it was said. */
export function lockBudgetOf(typed: Typed): Outcome<number | undefined> {
  const text = typed.values['lock-budget'];
  if (text === undefined) return ok(undefined);
  const ms = milliseconds(text);
  return ms === undefined ? wrong(`--lock-budget ${text}: write a duration such as 30s or 5min.`) : ok(ms);
}

/** `--timeout DURATION` in milliseconds, if it was said. */
export function timeoutOf(typed: Typed): Outcome<number | undefined> {
  const text = typed.values['timeout'];
  if (text === undefined) return ok(undefined);
  const ms = milliseconds(text);
  return ms === undefined || ms === 0 ? wrong(`--timeout ${text}: write a duration such as 10min or 2h.`) : ok(ms);
}

/** A count such as `--lose 12`. */
export function countOption(typed: Typed, name: string, otherwise: number): Outcome<number> {
  const text = typed.values[name];
  if (text === undefined) return ok(otherwise);
  return /^\d{1,15}$/.test(text) ? ok(Number(text)) : wrong(`--${name} ${text}: a whole number is needed.`);
}

function wrong(why: string): Outcome<never> {
  return err(fault('wrong-usage', { why }));
}
