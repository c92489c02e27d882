/** A small project: runs of files, each file its statements, which end with `;` at the end of a line (indented lines go on). */
export interface SmallProject {
  readonly name: string;
  readonly runs: readonly (readonly string[])[];
  /** Done by somebody else behind the last run: each alone must be told by its name. */
  readonly damages?: readonly string[];
  /** Done by somebody else between the last two runs and left there: all of it must be told in the end. */
  readonly others?: readonly string[];
}
