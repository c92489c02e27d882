import { existsSync, rmSync } from 'node:fs';
import { cp, mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { fault } from '../../kit/fault.ts';
import { defineCommand, type CommandContext, type Context, type Result, type Run } from '../command.ts';
import { ownProgram } from '../demo/go-on.ts';
import { laptopVariable } from '../demo/laptop.ts';
import { addLaterChange, newestRun, wantCheckpoints } from '../demo/later-change.ts';
import { openProjectOf } from '../execute.ts';
import { progressOn } from '../progress.ts';
import { flag, path } from '../options/kinds.ts';
import { done, failed, outcomeOf } from '../result.ts';
import { wire } from '../../project/wire.ts';

const steps: readonly (readonly string[])[] = [['plan'], ['up'], ['verify'], ['status']];

/** After one more file; `RUN` stands for the newest run. */
const laterSteps: readonly (readonly string[])[] = [['up'], ['runs', 'show', 'RUN'], ['runs', 'verify-chain']];

export const spec = defineCommand({
  name: 'demo',
  summary: 'See godwit work on a real project: plan, apply, verify, checkpoint, record',
  about: [
    'Applies the example project, with 5 tables, 16 indexes, 4 views, 3 triggers and 6 seed rows, to an embedded PostgreSQL in a temporary folder.',
  ],
  options: {
    keep: path('FOLDER', 'work in this folder and keep it, to look around afterwards'),
    privateNetwork: flag('use a database that only a private network reaches, and an emulated Cloud Run (Linux)'),
    cloudRun: flag('use an emulated Cloud Run, without a network of its own'),
  },
  examples: [
    { type: 'npx godwit demo', does: 'needs nothing but Node' },
    { type: 'npx godwit demo --private-network', does: 'the direct connection fails, and the job succeeds' },
    { type: 'npx godwit demo --keep tour', does: 'leaves a project in ./tour to play with' },
  ],
});

export const run: Run<typeof spec> = async (context) => {
  // After Ctrl-C or a closed pipe, the demo first removes what it has created.
  const unbind = context.onCtrlC(() => Promise.resolve(true));
  try {
    return await show(context);
  } finally {
    unbind();
  }
};

async function show(context: CommandContext<typeof spec>): Promise<Result> {
  const { keep, privateNetwork, cloudRun } = context.options;
  if ([keep !== undefined, privateNetwork, cloudRun].filter(Boolean).length > 1) {
    const why = '--keep, --private-network and --cloud-run are different demos: choose one.';
    return failed([fault('wrong-usage', { why })]);
  }
  if (privateNetwork && context.io.env[laptopVariable] === undefined)
    return await (await import('../demo/private-network.ts')).demoPrivateNetwork(context);
  const example = exampleFolder();
  if (example === undefined)
    return failed([fault('bug', { why: 'The example project is missing from the installation.' })]);
  const folder = keep === undefined ? await mkdtemp(join(tmpdir(), 'godwit-demo-')) : resolve(context.io.cwd, keep);
  if (keep !== undefined && existsSync(folder) && (await readdir(folder)).length > 0) {
    return failed([fault('file-exists', { why: 'The folder for the demo is not empty.', where: { file: keep } })]);
  }
  // A second Ctrl-C ends the process at once, so the folder is removed on exit.
  const leave = (): void => (keep === undefined ? rmSync(folder, { recursive: true, force: true }) : undefined);
  process.once('exit', leave);
  try {
    const foreign = new Set(['.godwit', 'godwit.lock.json', 'node_modules']);
    await cp(example, folder, {
      recursive: true,
      filter: (source) => !foreign.has(source.split(/[/\\]/).at(-1) ?? ''),
    });
    await wantCheckpoints(folder);
    return privateNetwork || cloudRun ? await cloudDemo(context, folder) : await tour(context, folder, keep);
  } finally {
    process.off('exit', leave);
    if (keep === undefined) await rm(folder, { recursive: true, force: true });
  }
}

async function cloudDemo(context: Context, folder: string): Promise<Result> {
  const { demoOnLaptop, demoHere } = await import('../demo/cloud-sites.ts');
  const laptop = context.io.env[laptopVariable];
  return laptop === undefined ? await demoHere(context, folder) : await demoOnLaptop(context, folder, Number(laptop));
}

/** Runs the commands that a person would type, all of them on one server. */
async function tour(context: Context, folder: string, keep: string | undefined): Promise<Result> {
  const { screen, io, signal, globals } = context;
  // The demo uses the example's own `local`, whatever the variables of this machine say for other projects.
  const env = { ...io.env, DATABASE_URL: undefined };
  const inside: Context = {
    ...context,
    io: { ...io, cwd: folder, env },
    globals: { ...globals, env: undefined, envFile: undefined, config: undefined },
  };
  const project = await openProjectOf(inside);
  if (!project.ok) return failed(project.findings);
  const wired = await wire(project.value, {
    migrations: false,
    detached: false,
    onProgress: progressOn(context),
  });
  if (!wired.ok) return failed(wired.findings);
  screen.settle();
  const options = [...(screen.json ? ['--json'] : []), ...(globals.noColor ? ['--no-color'] : [])];
  const take = async (words: readonly string[]): Promise<number> => {
    const run = words.includes('RUN') ? await newestRun(folder) : '';
    const step = words.map((word) => (word === 'RUN' ? run : word));
    screen.say(`${screen.style.cyan('$')} ${screen.style.bold(`godwit ${step.join(' ')}`)}`);
    const exitCode = await context.runProgram({ argv: [...step, ...options], io: inside.io, signal });
    screen.say('');
    return exitCode;
  };
  try {
    for (const step of [...steps, undefined, ...laterSteps]) {
      if (step === undefined) screen.say(...(await addLaterChange(folder)));
      const exitCode = step === undefined ? 0 : await take(step);
      if (exitCode !== 0) return { exitCode, outcome: outcomeOf(exitCode), findings: [] };
    }
  } finally {
    await wired.value.close();
  }
  const program = ownProgram(io.env, process.argv[1]);
  screen.say(
    ...(keep === undefined
      ? ['The demo’s folder and its server are gone again.', `Next, in an empty folder: ${program} init`]
      : [`The project is in ${keep}: read its migrations, change them.`, `Next: cd ${keep} && ${program} up`]),
  );
  return done();
}

/** Finds the example project: it is next to `dist` in the package and in the repository. */
function exampleFolder(): string | undefined {
  return ['../examples/vividly', '../../examples/vividly', '../../../examples/vividly', '../../../../examples/vividly']
    .map((place) => fileURLToPath(new URL(place, import.meta.url)))
    .find((place) => existsSync(join(place, 'migrations')));
}
