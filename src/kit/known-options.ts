import { fault } from './fault.ts';
import type { Finding } from './finding.ts';
import { nearest } from './nearest.ts';

/** One name for each option: the type forbids to forget one. */
export type OptionNames<Options> = Readonly<Record<keyof Options, true>>;

/** A finding for each option of a call that does not exist: a mistyped one would be ignored in silence. */
export function unknownOptions(caller: string, given: object, known: Readonly<Record<string, true>>): Finding[] {
  const names = Object.keys(known);
  return Object.keys(given)
    .filter((name) => !Object.hasOwn(known, name))
    .map((name) => {
      const near = nearest(name, names);
      return fault('wrong-usage', {
        why: `\`${caller}\` has no option \`${name}\`.`,
        fix: near === undefined ? `Its options are ${names.join(', ')}.` : `Did you mean \`${near}\`?`,
      });
    });
}
