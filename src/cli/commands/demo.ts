import { existsSync, rmSync } from 'node:fs';
import { cp, mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { fault } from '../../kit/fault.ts';
import type { Context, Result, Run } from '../command.ts';
import { laptopVariable } from '../demo/laptop.ts';
import { openProjectOf, progressOn } from '../execute.ts';
import { done, failed, outcomeOf } from '../result.ts';
import { wire } from '../../project/wire.ts';

const steps: readonly (readonly string[])[] = [['plan'], ['up'], ['verify'], ['up'], ['status']];

/** `godwit demo`: the main job on the example project, here, or by jobs of an emulated Cloud Run. */
export const demo: Run = async (context) => {
  // Ctrl-C, or a reader that leaves: what was made is taken away first.
  const unbind = context.onCtrlC(() => Promise.resolve(true));
  try {
    return await show(context);
  } finally {
    unbind();
  }
};

async function show(context: Context): Promise<Result> {
  const { switches, values } = context.typed;
  const kind = ['private-network', 'cloud-run'].filter((name) => switches.has(name));
  if (kind.length + (values['keep'] === undefined ? 0 : 1) > 1) {
    const why = '--keep, --private-network and --cloud-run are different demos: choose one.';
    return failed([fault('wrong-usage', { why })]);
  }
  if (switches.has('private-network') && context.io.env[laptopVariable] === undefined)
    return await (await import('../demo/private-network.ts')).demoPrivateNetwork(context);
  const example = exampleFolder();
  if (example === undefined)
    return failed([fault('bug', { why: 'The example project is missing from the installation.' })]);
  const keep = context.typed.values['keep'];
  const folder = keep === undefined ? await mkdtemp(join(tmpdir(), 'godwit-demo-')) : resolve(context.io.cwd, keep);
  if (keep !== undefined && existsSync(folder) && (await readdir(folder)).length > 0) {
    return failed([fault('file-exists', { why: 'The folder for the demo is not empty.', where: { file: keep } })]);
  }
  // A second Ctrl-C does not wait.
  const leave = (): void => (keep === undefined ? rmSync(folder, { recursive: true, force: true }) : undefined);
  process.once('exit', leave);
  try {
    const foreign = new Set(['.godwit', 'godwit.lock.json', 'node_modules']);
    await cp(example, folder, {
      recursive: true,
      filter: (source) => !foreign.has(source.split(/[/\\]/).at(-1) ?? ''),
    });
    return kind.length > 0 ? await cloudDemo(context, folder) : await tour(context, folder, keep);
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

/** Walks through the commands a person would type; one server serves them all. */
async function tour(context: Context, folder: string, keep: string | undefined): Promise<Result> {
  const { screen, io, signal, typed } = context;
  // The demo is about the example's own `local`, whatever this machine has set for other projects.
  const env = { ...io.env, DATABASE_URL: undefined };
  const inside: Context = {
    ...context,
    io: { ...io, cwd: folder, env },
    typed: { arguments: [], values: {}, switches: new Set() },
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
  const options = [...(screen.json ? ['--json'] : []), ...(typed.switches.has('no-color') ? ['--no-color'] : [])];
  try {
    for (const [index, step] of steps.entries()) {
      screen.say(
        `${index === 0 ? '' : '\n'}${screen.style.cyan('$')} ${screen.style.bold(`godwit ${step.join(' ')}`)}`,
      );
      const exitCode = await context.runProgram({ argv: [...step, ...options], io: inside.io, signal });
      if (exitCode !== 0) return { exitCode, outcome: outcomeOf(exitCode), findings: [] };
    }
  } finally {
    await wired.value.close();
  }
  screen.say(
    '',
    keep === undefined
      ? 'This was a demo in a temporary folder. `godwit init` starts a project of your own.'
      : `The project is in ${keep}: read its migrations, change them, run \`godwit up\` there.`,
  );
  return done();
}

/** The example: beside `dist` in the package and in the repository. */
function exampleFolder(): string | undefined {
  return ['../examples/vividly', '../../examples/vividly', '../../../examples/vividly', '../../../../examples/vividly']
    .map((place) => fileURLToPath(new URL(place, import.meta.url)))
    .find((place) => existsSync(join(place, 'migrations')));
}
