import { resolveActor, identifyActor } from '../adapters/actor.ts';
import type { Outcome } from '../kit/outcome.ts';
import { ok } from '../kit/outcome.ts';
import type { Actor } from '../migrate/contract/task.ts';
import { openProject, type OpenOptions, type Project } from '../project/open.ts';
import { version } from '../project/version.ts';
import { wire, type Wired, type WireOptions } from '../project/wire.ts';
import type { Ui } from './ui.ts';

/** A project that is ready for tasks. */
export interface Ready {
  readonly project: Project;
  readonly wired: Wired;
  readonly actor: Actor;
  /** The options that the project was opened with; its other environments are opened with the same. */
  readonly opening: OpenOptions;
  /** True: the database is queried even if a result is known. */
  readonly fresh: boolean;
}

/** What an operation needs of its project. */
export interface Needs {
  /** One standalone script in place of the folder of migrations. */
  readonly file?: string | undefined;
  /** False: no migrations are read. */
  readonly migrations?: boolean | undefined;
  /** True: the commit of the working tree goes into the history. */
  readonly changes?: boolean | undefined;
  /** True: commands are executed in the folder of the caller, not in that of the project. */
  readonly commands?: boolean | undefined;
  /** True: the runner becomes a process of its own. */
  readonly detached?: boolean | undefined;
  /** True: no known result is used. */
  readonly fresh?: boolean | undefined;
  /**
   * The task that is certainly executed first in a project; its connection is begun before the migrations are read.
   */
  readonly first?: ((project: Project) => WireOptions['first']) | undefined;
}

/** Opens the project, connects what the task needs, lets `work` run, and closes everything again. */
export async function withReady<Result>(
  opening: OpenOptions,
  needs: Needs,
  ui: Ui,
  work: (ready: Ready) => Promise<Result>,
): Promise<Outcome<Result>> {
  const opened = await openProject(opening);
  if (!opened.ok) return opened;
  const project = opened.value;
  ui.onNote({ kind: 'opened', project });
  for (const finding of project.findings) ui.onFinding(finding);
  const tool = version();
  // Git runs while the database is being connected.
  const acting =
    needs.changes === true
      ? resolveActor(project.root, opening.env, tool)
      : Promise.resolve({ ...identifyActor(opening.env), commit: '', tool });
  const wired = await wire(project, {
    ...(needs.file === undefined ? {} : { file: needs.file }),
    ...(needs.file === undefined && needs.commands !== true ? {} : { cwd: opening.cwd }),
    migrations: needs.migrations ?? true,
    detached: needs.detached ?? false,
    changes: needs.changes ?? false,
    first: needs.first?.(project),
    onProgress: (text, step) => ui.onNote({ kind: 'preparing', text, step }),
  });
  if (!wired.ok) return wired;
  try {
    ui.onNote({ kind: 'reached', project, wired: wired.value });
    for (const finding of wired.value.findings) ui.onFinding(finding);
    const actor = await acting;
    return ok(await work({ project, wired: wired.value, actor, opening, fresh: needs.fresh ?? false }));
  } finally {
    await wired.value.close();
  }
}
