import { catalogue, type FaultCode } from '../../kit/catalogue/index.ts';
import { fault } from '../../kit/fault.ts';
import { nearest } from '../../kit/nearest.ts';
import { defineCommand, type Run } from '../command.ts';
import { optionalArgument } from '../options/argument-kinds.ts';
import { done, failed } from '../result.ts';
import { aligned } from '../screen/format.ts';

export const spec = defineCommand({
  name: 'explain',
  summary: 'Explain a code: what is wrong, why, and what to do',
  arguments: { code: optionalArgument('CODE', 'a code as findings show it (default: list all codes)') },
  examples: [
    { type: 'godwit explain out-of-order', does: 'what to do about a migration that was merged late' },
    { type: 'godwit explain', does: 'list all codes' },
  ],
});

export const run: Run<typeof spec> = async ({ arguments: { code }, screen }) => {
  const { style, json } = screen;
  if (code === undefined) {
    const all = Object.entries(catalogue);
    const rows = aligned(all.map(([name, entry]) => [style.bold(name), style.dim(String(entry.exit)), entry.title]));
    if (!json) screen.product(`${rows.join('\n')}\n`);
    return done({ codes: all.map(([name, entry]) => ({ code: name, ...entry })) });
  }
  const entry = catalogue[code as FaultCode];
  if (!Object.hasOwn(catalogue, code)) {
    const near = nearest(code, Object.keys(catalogue));
    const fix = near === undefined ? {} : { fix: `Did you mean \`godwit explain ${near}\`?` };
    return failed([fault('unknown-code', { why: `The catalogue of faults has no code \`${code}\`.`, ...fix })]);
  }
  const lines = [
    `${style.bold(entry.title)} ${style.dim(`[${code}]`)}`,
    '',
    `Why   ${entry.why}`,
    `Fix   ${entry.fix}`,
    `Exit  ${entry.exit}${entry.retryable === true ? ', the same command can succeed later' : ''}`,
  ];
  if (!json) screen.product(`${lines.join('\n')}\n`);
  return done({ code, ...entry });
};
