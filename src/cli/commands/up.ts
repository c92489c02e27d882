import { change } from '../change.ts';
import { ok } from '../../kit/outcome.ts';
import { defineCommand, type Run } from '../command.ts';
import { namesFleet, withoutFleet } from '../fleet/named.ts';
import { canary, databases, databasesQuery, parallel, schemasQuery, stopAfter } from '../options/fleet.ts';
import { flag, text } from '../options/kinds.ts';
import {
  allowRowLoss,
  file,
  fresh,
  lockBudget,
  onDisconnect,
  outOfOrder,
  plan,
  resumeUp,
  strict,
  takeOver,
  to,
  tx,
  wait,
  waiveCheckpoint,
} from '../options/shared.ts';
import { failed } from '../result.ts';

export const spec = defineCommand({
  name: 'up',
  summary: 'Apply pending migrations, verify the result and record it',
  about: [
    'Each migration is applied and recorded in one transaction; then the database is checked against what was applied. You can run it again at any time: it resumes where it stopped, and does nothing when everything is applied.',
  ],
  options: {
    to,
    file,
    dryRun: flag('show the plan and change nothing'),
    fresh,
    plan,
    outOfOrder,
    resumeUp,
    tx,
    noVerify: flag('do not verify afterwards'),
    strict,
    destroyRows: flag('drop or empty tables and columns even if they hold rows'),
    ignoreForeign: text('TOOL', 'apply although TOOL has a history here: its migrations are not these'),
    allowRowLoss,
    waiveCheckpoint,
    detach: flag('start the run and leave it; `runs attach` follows it'),
    wait,
    lockBudget,
    takeOver,
    onDisconnect,
    databases,
    databasesQuery,
    schemasQuery,
    parallel,
    canary,
    stopAfter,
  },
  examples: [
    { type: 'godwit up', does: 'apply all pending migrations' },
    { type: 'godwit up --to 12', does: 'apply up to and including version 12' },
    { type: 'godwit up --tx all', does: 'apply all pending migrations in one transaction, or none' },
    { type: 'godwit up -e prod --plan prod.plan.json', does: 'apply the reviewed plan, or refuse' },
    { type: 'godwit up --file fix_prices.sql', does: 'apply a standalone script' },
    { type: 'godwit up -e prod --databases tenants.txt', does: 'apply to every database in the file' },
    { type: 'godwit up --file rollback_fix_prices.sql', does: 'undo it, as `down --file fix_prices.sql` does' },
  ],
  events: true,
});

export const run: Run<typeof spec> = async (context) => {
  const { options } = context;
  const { databases, databasesQuery, schemasQuery, parallel, canary, stopAfter } = options;
  const many = { databases, databasesQuery, schemasQuery, parallel, canary, stopAfter };
  const isFleet = namesFleet(many);
  const known = isFleet ? ok(undefined) : withoutFleet({ parallel, canary, stopAfter });
  if (!known.ok) return failed(known.findings);
  const typed = {
    to: options.to,
    file: options.file,
    dryRun: options.dryRun,
    fresh: options.fresh,
    plan: options.plan,
    outOfOrder: options.outOfOrder,
    resumeUp: options.resumeUp,
    tx: options.tx,
    verify: !options.noVerify,
    strict: options.strict,
    destroyRows: options.destroyRows,
    ignoreForeign: options.ignoreForeign,
    allowRowLoss: options.allowRowLoss,
    waiveCheckpoint: options.waiveCheckpoint,
    detach: options.detach,
    waitMs: options.wait,
    lockBudgetMs: options.lockBudget,
    takeOver: options.takeOver,
    onDisconnect: options.onDisconnect,
  };
  if (!isFleet) return await change(context, 'up', typed);
  const { upDatabases } = await import('../fleet/up.ts');
  return await upDatabases(context, { ...typed, ...many });
};
