import { catalogue } from '../../kit/catalogue/index.ts';
import type { Check } from '../../migrate/contract/model.ts';
import { placeText } from './finding.ts';
import { countOf } from './format.ts';
import type { Style } from './style.ts';

/** Lists the failed checks; those that passed are only counted. */
export function checkLines(checks: readonly Check[], style: Style): readonly string[] {
  const failed = checks.filter((check) => !check.ok);
  const objects = new Set(failed.map(({ object }) => object));
  const isShownWith = ({ along }: Check): boolean => along !== undefined && objects.has(along);
  return failed
    .filter((check) => !isShownWith(check))
    .flatMap((check) => [
      [
        `  ${symbol(check, style)} ${check.kind.replaceAll('-', ' ')} ${style.bold(check.object)}`,
        ...(check.where.file === '' ? [] : [style.dim(placeText(check.where))]),
      ].join(' '),
      ...(check.expected === '' ? [] : valueLines('expected', check.expected)),
      ...(check.actual === '' ? [] : valueLines('found', check.actual)),
      ...withIt(failed.filter(({ along }) => along === check.object)),
      ...(check.ignoredBy === undefined ? [] : [`      ignored by ${check.ignoredBy}`]),
    ]);
}

/** What went along with a missing object. */
function withIt(checks: readonly Check[]): readonly string[] {
  if (checks.length === 0) return [];
  const names = checks.map(({ kind, object }) => `${kind.replace(/^drift-/, '').replaceAll('-', ' ')} ${object}`);
  return [`      with it   ${names.join(', ')}`];
}

/** Further lines of a value are indented below the first one. */
function valueLines(what: string, value: string): readonly string[] {
  const [first = '', ...rest] = value.split('\n');
  return [`      ${what.padEnd(9)} ${first}`, ...rest.map((line) => `        ${line}`.trimEnd())];
}

/** Says what to do about failed checks, once for all of them. */
export function checkAdvice(checks: readonly Check[], style: Style): readonly string[] {
  if (!checks.some((check) => !check.ok && check.severity === 'error')) return [];
  return [`  ${style.cyan('→')} ${catalogue['check-failed'].fix}`];
}

/** `118 checks passed`, `117 of 118 checks passed, 1 failed` */
export function checkSummary(checks: readonly Check[]): string {
  const passed = checks.filter((check) => check.ok).length;
  const count = (severity: Check['severity']) =>
    checks.filter((check) => !check.ok && check.severity === severity).length;
  const errors = count('error');
  const warnings = count('warning');
  const notes = count('note');
  return [
    passed === checks.length
      ? `${countOf(passed, 'check')} passed`
      : `${passed} of ${countOf(checks.length, 'check')} passed`,
    ...(errors > 0 ? [`${errors} failed`] : []),
    ...(warnings > 0 ? [countOf(warnings, 'warning')] : []),
    ...(notes > 0 ? [countOf(notes, 'note')] : []),
  ].join(', ');
}

function symbol(check: Check, style: Style): string {
  if (check.severity === 'error') return style.red('✘');
  return check.severity === 'warning' ? style.magenta('!') : style.cyan('i');
}
