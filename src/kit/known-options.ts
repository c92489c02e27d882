import { fault } from './fault.ts';
import type { Finding } from './finding.ts';
import { nearest } from './nearest.ts';

/** Lists every option by name: the type makes it an error to omit one. */
export type OptionNames<Options> = Readonly<Record<keyof Options, true>>;

/** A finding for each unknown option of a call: a mistyped one would otherwise be silently ignored. */
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
