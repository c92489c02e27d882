import { command, type Command, type CommandTable } from './command.ts';
import { spec as adopt } from './commands/adopt.ts';
import { spec as check } from './commands/check.ts';
import { spec as completion } from './commands/completion.ts';
import { spec as dbReset } from './commands/db/reset.ts';
import { spec as dbRestore } from './commands/db/restore.ts';
import { spec as dbSql } from './commands/db/sql.ts';
import { spec as dbStart } from './commands/db/start.ts';
import { spec as dbStatus } from './commands/db/status.ts';
import { spec as dbStop } from './commands/db/stop.ts';
import { spec as dbUpgrade } from './commands/db/upgrade.ts';
import { spec as dbUrl } from './commands/db/url.ts';
import { spec as demo } from './commands/demo.ts';
import { spec as down } from './commands/down.ts';
import { spec as exec } from './commands/exec.ts';
import { spec as explain } from './commands/explain.ts';
import { spec as init } from './commands/init.ts';
import { spec as newMigration } from './commands/new.ts';
import { spec as plan } from './commands/plan.ts';
import { spec as runsAttach } from './commands/runs/attach.ts';
import { spec as runsCancel } from './commands/runs/cancel.ts';
import { spec as runsList } from './commands/runs/list.ts';
import { spec as runsPrune } from './commands/runs/prune.ts';
import { spec as runsShow } from './commands/runs/show.ts';
import { spec as runsVerifyChain } from './commands/runs/verify-chain.ts';
import { spec as squash } from './commands/squash.ts';
import { spec as status } from './commands/status.ts';
import { spec as up } from './commands/up.ts';
import { spec as verify } from './commands/verify.ts';
import { globalOptions } from './options/global.ts';
import { optionSpecs } from './options/kinds.ts';

// A command's file contains its specification and its `run`. The build puts only the specifications into the first
// bundle (scripts/specs-alone.mjs): what a command imports is loaded when the command runs.

/** All commands, in the order of the help. */
const commands: readonly Command[] = [
  command(init, async () => (await import('./commands/init.ts')).run),
  command(newMigration, async () => (await import('./commands/new.ts')).run),
  command(squash, async () => (await import('./commands/squash.ts')).run),
  command(explain, async () => (await import('./commands/explain.ts')).run),
  command(demo, async () => (await import('./commands/demo.ts')).run),
  command(completion, async () => (await import('./commands/completion.ts')).run),
  command(status, async () => (await import('./commands/status.ts')).run),
  command(check, async () => (await import('./commands/check.ts')).run),
  command(plan, async () => (await import('./commands/plan.ts')).run),
  command(up, async () => (await import('./commands/up.ts')).run),
  command(down, async () => (await import('./commands/down.ts')).run),
  command(verify, async () => (await import('./commands/verify.ts')).run),
  command(adopt, async () => (await import('./commands/adopt.ts')).run),
  command(runsList, async () => (await import('./commands/runs/list.ts')).run),
  command(runsShow, async () => (await import('./commands/runs/show.ts')).run),
  command(runsAttach, async () => (await import('./commands/runs/attach.ts')).run),
  command(runsCancel, async () => (await import('./commands/runs/cancel.ts')).run),
  command(runsPrune, async () => (await import('./commands/runs/prune.ts')).run),
  command(runsVerifyChain, async () => (await import('./commands/runs/verify-chain.ts')).run),
  command(exec, async () => (await import('./commands/exec.ts')).run),
  command(dbStart, async () => (await import('./commands/db/start.ts')).run),
  command(dbStop, async () => (await import('./commands/db/stop.ts')).run),
  command(dbStatus, async () => (await import('./commands/db/status.ts')).run),
  command(dbUrl, async () => (await import('./commands/db/url.ts')).run),
  command(dbSql, async () => (await import('./commands/db/sql.ts')).run),
  command(dbReset, async () => (await import('./commands/db/reset.ts')).run),
  command(dbRestore, async () => (await import('./commands/db/restore.ts')).run),
  command(dbUpgrade, async () => (await import('./commands/db/upgrade.ts')).run),
];

export const commandTable: CommandTable = {
  commands,
  groups: new Map([
    ['runs', { summary: 'List, show, attach to, cancel and prune runs; verify the audit log', alone: 'runs list' }],
    ['db', { summary: 'Start, stop, query, reset and upgrade the embedded PostgreSQL', alone: 'db status' }],
  ]),
  globalOptions: optionSpecs(globalOptions),
};
