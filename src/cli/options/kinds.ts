import { milliseconds } from '../../kit/duration.ts';
import { fault } from '../../kit/fault.ts';
import { optionName } from '../../kit/option-name.ts';
import { err, ok, type Outcome } from '../../kit/outcome.ts';
import { readPastTime } from './past-time.ts';

/** A kind of option: how help shows it, and how its value is read. */
export interface OptionKind<Value> {
  readonly summary: string;
  readonly short?: string;
  /** The placeholder of the value, in capitals: `FILE`. Absent: a switch. */
  readonly value?: string;
  /** True: may be given several times. */
  readonly many?: boolean;
  /** The only allowed values. */
  readonly choices?: readonly string[];
  /** True: the value is a path, which shells complete. */
  readonly path?: boolean;
  /** Reads the typed values, in order; `typed` is empty if the option was not given. */
  readonly read: (typed: readonly string[], option: string) => Outcome<Value>;
}

/** Options of a command, by the names that its code uses. */
export type OptionKinds = Readonly<Record<string, OptionKind<unknown>>>;

/** The values of options, by name. */
export type ValuesOf<Kinds> = {
  readonly [Name in keyof Kinds]: Kinds[Name] extends OptionKind<infer Value> ? Value : never;
};

/** An option as the user types it. */
export interface OptionSpec extends Omit<OptionKind<unknown>, 'read'> {
  readonly name: string;
}

/** Returns the options as the user types them. */
export function optionSpecs(kinds: OptionKinds): readonly OptionSpec[] {
  return Object.entries(kinds).map(([key, { read: _read, ...kind }]) => ({ ...kind, name: optionName(key) }));
}

/** Reads all options; fails at the first invalid one. */
export function readOptions<Kinds extends OptionKinds>(
  kinds: Kinds,
  typed: ReadonlyMap<string, readonly string[]>,
): Outcome<ValuesOf<Kinds>> {
  const values: Record<string, unknown> = {};
  for (const [key, kind] of Object.entries(kinds)) {
    const name = optionName(key);
    const value = kind.read(typed.get(name) ?? [], `--${name}`);
    if (!value.ok) return value;
    values[key] = value.value;
  }
  return ok(values as ValuesOf<Kinds>);
}

/** An option without a value. */
export function flag(summary: string, short?: string): OptionKind<boolean> {
  return { summary, ...(short === undefined ? {} : { short }), read: (typed) => ok(typed.length > 0) };
}

export function text(value: string, summary: string, short?: string): OptionKind<string | undefined> {
  return { value, summary, ...(short === undefined ? {} : { short }), read: ([typed]) => ok(typed) };
}

/** A path of a file or folder. */
export function path(value: string, summary: string): OptionKind<string | undefined> {
  return { ...text(value, summary), path: true };
}

/** All values of an option that may be given several times. */
export function texts(value: string, summary: string): OptionKind<readonly string[]> {
  return { value, summary, many: true, read: (typed) => ok(typed) };
}

/** The version of a migration: digits, in some layouts with dots between them. */
export function version(summary: string): OptionKind<string | undefined> {
  return parsed('VERSION', summary, (typed, option) =>
    /^\d{1,40}(?:\.\d{1,40}){0,9}$/.test(typed) ? ok(typed) : wrong(`${option} ${typed}: a version is a number.`),
  );
}

/** A major version of PostgreSQL. */
export function major(value: string, summary: string): OptionKind<number | undefined> {
  return parsed(value, summary, (typed, option) =>
    /^\d{1,3}$/.test(typed) ? ok(Number(typed)) : wrong(`${option} ${typed}: a major version is a number, such as 17.`),
  );
}

/** A whole number. */
export function count(value: string, summary: string): OptionKind<number | undefined> {
  return parsed(value, summary, (typed, option) =>
    /^\d{1,15}$/.test(typed) ? ok(Number(typed)) : wrong(`${option} ${typed}: a whole number is needed.`),
  );
}

/** `30s`, `5min`: in milliseconds. */
export function duration(summary: string): OptionKind<number | undefined> {
  return parsed('DURATION', summary, (typed, option) => {
    const ms = milliseconds(typed);
    return ms === undefined ? wrong(`${option} ${typed}: write a duration such as 30s or 5min.`) : ok(ms);
  });
}

/** A duration that is a limit: it must be more than 0. */
export function timeLimit(summary: string): OptionKind<number | undefined> {
  return parsed('DURATION', summary, (typed, option) => {
    const ms = milliseconds(typed) ?? 0;
    return ms === 0 ? wrong(`${option} ${typed}: write a duration such as 10min or 2h.`) : ok(ms);
  });
}

/** One of a few words. */
export function choice<const Word extends string>(
  choices: readonly Word[],
  summary: string,
): OptionKind<Word | undefined> {
  const kind = parsed(choices.join('|'), summary, (typed, option) => {
    const chosen = choices.find((one) => one === typed);
    return chosen === undefined ? wrong(`${option} ${typed}: use ${choices.join(' or ')}.`) : ok(chosen);
  });
  return { ...kind, choices };
}

/** A required day or time in the past, in UTC. */
export function pastTime(value: string, summary: string): OptionKind<string> {
  return { value, summary, read: ([typed], option) => readPastTime(option, typed, Date.now()) };
}

function parsed<Value>(
  value: string,
  summary: string,
  parse: (typed: string, option: string) => Outcome<Value>,
): OptionKind<Value | undefined> {
  return {
    value,
    summary,
    read: ([typed], option) => (typed === undefined ? ok(undefined) : parse(typed, option)),
  };
}

function wrong(why: string): Outcome<never> {
  return err(fault('wrong-usage', { why }));
}
