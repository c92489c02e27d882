import type { Finding } from '../kit/finding.ts';
import type { Engine, LedgerEntry } from '../migrate/contract/engine.ts';
import { createDetachedEngine } from '../project/detached.ts';
import type { Project } from '../project/open.ts';
import { isAttempt } from './attempts.ts';
import { lastRun, severalRuns } from './newest-runs.ts';
import type { Ui } from './ui.ts';

/** A named run, and its engine. */
export interface FoundRun {
  readonly engine: Engine;
  /** The id of the run; complete if the ledger knows it, else as typed. */
  readonly run: string;
  readonly entry: LedgerEntry | undefined;
  /** Present: several runs begin with what was typed. */
  readonly several?: Finding;
}

/** Finds the run whose id begins with what was typed, and the engine that executes it. */
export async function findRun(ui: Ui, project: Project, named: string): Promise<FoundRun> {
  const { remote, ledger } = project;
  const subject = named.toLowerCase() === lastRun ? await newestOf(project) : named.toUpperCase();
  if (remote === undefined) {
    const engine = createDetachedEngine(project);
    const ref = await engine.attach(subject);
    const entries = (await ledger.list()).filter(({ run }) => run.startsWith(ref.ok ? ref.value.run : subject));
    return { engine, ...chosen(entries, ref.ok ? ref.value.run : subject) };
  }
  ui.onNote({ kind: 'far-away', project, place: remote.place });
  const engine = await remote.engine((text) => ui.onNote({ kind: 'preparing', text, step: 'step' }));
  const entries = (await ledger.list(project.environment.name)).filter(({ run }) => run.startsWith(subject));
  return { engine, ...chosen(entries, subject) };
}

/** The newest run of this folder in the environment, however it ended. Runs of other machines are not chosen so. */
async function newestOf({ ledger, environment }: Project): Promise<string> {
  const own = await ledger.list();
  const newest = own.find((entry) => entry.environment === environment.name && isAttempt(entry));
  return newest?.run ?? lastRun.toUpperCase();
}

function chosen(entries: readonly LedgerEntry[], subject: string): Omit<FoundRun, 'engine'> {
  const entry = entries.find(({ run }) => run === subject) ?? (entries.length === 1 ? entries[0] : undefined);
  if (entry !== undefined) return { run: entry.run, entry };
  return { run: subject, entry, ...(entries.length > 1 ? { several: severalRuns(entries.length, subject) } : {}) };
}
