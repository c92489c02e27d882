import { createHash } from 'node:crypto';

/**
 * Identity of the code that makes analyses: a hash over that code and PostgreSQL’s grammar, which the build puts here,
 * and the Unicode tables of this Node, by which the code compares texts.
 *
 * @returns undefined in an unbuilt source tree, where the code may change at any time
 */
export function analysisCode(): string | undefined {
  const built = process.env.GODWIT_ANALYSIS_CODE;
  if (built === undefined || built === '') return undefined;
  return createHash('sha256')
    .update(`${built} ${process.versions['unicode'] ?? ''}`)
    .digest('hex')
    .slice(0, 32);
}
