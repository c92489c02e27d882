/** A positional argument as help shows it. */
export interface ArgumentSpec {
  readonly name: string;
  readonly summary: string;
  readonly required?: boolean;
  /** True: takes all remaining words. */
  readonly many?: boolean;
}

/** A positional argument, and how its value is read from the remaining words. */
export interface ArgumentKind<Value> extends ArgumentSpec {
  readonly read: (words: readonly string[]) => Value;
}

/** Positional arguments of a command, in their order, by the names that its code uses. */
export type ArgumentKinds = Readonly<Record<string, ArgumentKind<unknown>>>;

/** The values of arguments, by name. */
export type ArgumentsOf<Kinds> = {
  readonly [Name in keyof Kinds]: Kinds[Name] extends ArgumentKind<infer Value> ? Value : never;
};

/** A required argument. */
export function argument(name: string, summary: string): ArgumentKind<string> {
  return { name, summary, required: true, read: ([word = '']) => word };
}

export function optionalArgument(name: string, summary: string): ArgumentKind<string | undefined> {
  return { name, summary, read: ([word]) => word };
}

/** An argument that takes all remaining words. */
export function restArguments(name: string, summary: string): ArgumentKind<readonly string[]> {
  return { name, summary, many: true, read: (words) => words };
}

/** Reads all arguments. Their number has been checked before. */
export function readArguments<Kinds extends ArgumentKinds>(kinds: Kinds, words: readonly string[]): ArgumentsOf<Kinds> {
  const values = Object.entries(kinds).map(([key, kind], index) => [key, kind.read(words.slice(index))]);
  return Object.fromEntries(values) as ArgumentsOf<Kinds>;
}
