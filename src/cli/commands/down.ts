import { fault } from '../../kit/fault.ts';
import { change } from '../change.ts';
import { defineCommand, type Run } from '../command.ts';
import { firstTyped } from '../../kit/option-name.ts';
import { flag, major, text, version } from '../options/kinds.ts';
import {
  allowRowLoss,
  file,
  fresh,
  lockBudget,
  onDisconnect,
  plan,
  takeOver,
  wait,
  waiveCheckpoint,
} from '../options/shared.ts';
import { failed } from '../result.ts';

export const spec = defineCommand({
  name: 'down',
  summary: 'Undo the last migration, or everything after a version, with down files',
  about: ['If the files of a migration are gone, godwit uses the text that `up` stored in the history.'],
  options: {
    to: version('undo everything after this version (0: everything)'),
    file,
    allowRowLoss,
    dryRun: flag('show the plan and change nothing'),
    fresh,
    plan,
    waiveCheckpoint,
    wait,
    lockBudget,
    takeOver,
    onDisconnect,
    draft: text('VERSION', 'draft the missing down file of a migration and try it on a throwaway server'),
    write: flag('with --draft: write the file next to the migration; do not print it'),
    major: major('N', 'with --draft: major version of that server (default: the embedded one’s, or 18)'),
  },
  examples: [
    { type: 'godwit down', does: 'undo the last migration' },
    { type: 'godwit down --to 3', does: 'undo 4 and everything after it' },
    { type: 'godwit down --file fix_prices.sql', does: 'run rollback_fix_prices.sql' },
    { type: 'godwit down --draft 7 --write', does: 'write a down file for migration 7' },
  ],
  events: true,
});

export const run: Run<typeof spec> = async (context) => {
  const { options } = context;
  const { draft, write, major, ...undoing } = options;
  if (draft !== undefined) {
    const other = firstTyped(undoing);
    if (other !== undefined) return wrong(`--draft and ${other} cannot be combined: a draft does not undo anything.`);
    const { draftDown } = await import('./down/draft.ts');
    return await draftDown(context, { version: draft, write, major });
  }
  const without = firstTyped({ write, major });
  if (without !== undefined) return wrong(`${without} belongs to --draft VERSION.`);
  return await change(context, 'down', {
    to: options.to,
    file: options.file,
    allowRowLoss: options.allowRowLoss,
    dryRun: options.dryRun,
    fresh: options.fresh,
    plan: options.plan,
    waiveCheckpoint: options.waiveCheckpoint,
    waitMs: options.wait,
    lockBudgetMs: options.lockBudget,
    takeOver: options.takeOver,
    onDisconnect: options.onDisconnect,
  });
};

function wrong(why: string) {
  return failed([fault('wrong-usage', { why })]);
}
