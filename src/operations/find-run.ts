import { fault } from '../kit/fault.ts';
import type { Finding } from '../kit/finding.ts';
import type { Engine, LedgerEntry } from '../migrate/contract/engine.ts';
import { createDetachedEngine } from '../project/detached.ts';
import type { Project } from '../project/open.ts';
import { attemptsOf, rowOf } from './attempts.ts';
import { isIdle, lastRun } from './newest-runs.ts';
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

/** The newest run that has not ended, else the newest that changed something. */
async function newestOf(project: Project): Promise<string> {
  const attempts = await attemptsOf(project);
  const open = attempts.find(({ finishedAt }) => finishedAt === undefined);
  return (open ?? attempts.find((entry) => !isIdle(rowOf(entry))))?.run ?? lastRun.toUpperCase();
}

function chosen(entries: readonly LedgerEntry[], subject: string): Omit<FoundRun, 'engine'> {
  const entry = entries.find(({ run }) => run === subject) ?? (entries.length === 1 ? entries[0] : undefined);
  if (entry !== undefined) return { run: entry.run, entry };
  const why = `${entries.length} runs begin with "${subject}".`;
  const several = fault('unknown-run', { why, fix: 'Type more of the id; `godwit runs list` shows the ids.' });
  return { run: subject, entry, ...(entries.length > 1 ? { several } : {}) };
}
