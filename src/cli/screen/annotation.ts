import { relative, resolve } from 'node:path';
import type { Finding, Severity } from '../../kit/finding.ts';

const levels: Readonly<Record<Severity, string>> = { error: 'error', warning: 'warning', note: 'notice' };

/**
 * The workflow command with which GitHub Actions shows a finding in the files of a pull request; undefined outside a
 * workflow, and for a finding without a place.
 *
 * @param root the folder that the place is relative to
 * @param mask masks secrets; what is escaped first no longer looks like them
 */
export function annotationOf(
  { severity, title, code, why, fix, where }: Finding,
  root: string,
  env: Readonly<Record<string, string | undefined>>,
  mask: (text: string) => string,
): string | undefined {
  if (env['GITHUB_ACTIONS'] !== 'true' || where === undefined) return undefined;
  // Places are shown relative to the repository, which may be above the project.
  const file = relative(env['GITHUB_WORKSPACE'] ?? root, resolve(root, where.file)).replaceAll('\\', '/');
  const properties = [
    ['file', file],
    ['line', where.line],
    ['col', where.line === undefined ? undefined : where.column],
    ['title', `${title} [${code}]`],
  ].flatMap(([name, value]) => (value === undefined ? [] : [`${name}=${escaped(mask(`${value}`), /[%\r\n:,]/g)}`]));
  return `::${levels[severity]} ${properties.join(',')}::${escaped(mask(`${why}\n${fix}`), /[%\r\n]/g)}`;
}

/** A line break would end the command; `%` begins the code of a character. */
function escaped(text: string, special: RegExp): string {
  return text.replaceAll(special, (one) => `%${one.charCodeAt(0).toString(16).toUpperCase().padStart(2, '0')}`);
}
