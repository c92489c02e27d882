/** The exit codes of godwit. They are never renumbered: people script against them. */
export type ExitCode = 0 | 2 | 10 | 20 | 30 | 40 | 41 | 42 | 50 | 70 | 130;

/** The exit code of `--exit-code` for pending work. No fault and no run ends with it. */
export const pendingExit = 3;

/** Every exit code with its meaning, as the reference shows it. */
export const exitCodes: Readonly<Record<ExitCode | typeof pendingExit, string>> = {
  0: 'done, or nothing to do',
  2: 'wrong usage or configuration',
  [pendingExit]: 'something is pending; only where `--exit-code` asks',
  10: 'refused before anything changed',
  20: 'another run holds the database',
  30: 'database or engine unreachable',
  40: 'a statement failed and its migration was rolled back, or the command of `exec` failed',
  41: 'a statement failed; the statements before it are applied and recorded, and `up` resumes there',
  42: 'outcome not yet known',
  50: 'applied, and verification or a hook failed',
  70: 'a bug in godwit',
  130: 'interrupted',
};

/** True for the exit codes of a run; any other code comes from a different program that ran in its place. */
export function isExitCode(code: number): code is ExitCode {
  return code !== pendingExit && Object.hasOwn(exitCodes, code);
}

/** The unknown comes before the known, a change before no change, and what needs a person before what may pass. */
const byGravity: readonly ExitCode[] = [70, 42, 41, 40, 50, 130, 2, 10, 30, 20, 0];

/**
 * The gravest of several exit codes; 0 for none.
 *
 * @example
 * gravest([30, 10]) // 10: waiting would help only with the 30
 */
export function gravest(codes: readonly ExitCode[]): ExitCode {
  return byGravity.find((code) => codes.includes(code)) ?? 0;
}
