import { nodeHashing } from '../adapters/files/hashing.ts';
import { err, ok, type Outcome } from '../kit/outcome.ts';
import type { Finding } from '../kit/finding.ts';
import { versionIn } from '../migrate/contract/migration-id.ts';
import type { Migration } from '../migrate/contract/model.ts';
import { compareReported } from '../migrate/plan/reported-statements.ts';
import type { Selection } from '../migrate/contract/task.ts';
import { lacking } from '../project/promotion.ts';
import { whatIsApplied } from '../project/questions.ts';
import { inspectTask } from '../project/tasks.ts';
import type { Context } from './command.ts';
import { eventOf, withProject, type Ready } from './execute.ts';
import { look } from './look.ts';
import { done, failed } from './result.ts';

/** Hooks may have passed many runs ago. */
const mostRuns = 200;

/** What an `up` is going to bring: what was reviewed, or what the selection names. */
export interface Brought {
  readonly selection: Selection;
  /** Ids of a reviewed plan. */
  readonly reviewed?: readonly string[];
}

/**
 * Refuses to bring migrations into an environment before another one has them, with its hooks passed; nothing is asked
 * of environments that require none.
 */
export async function checkPromotion(context: Context, ready: Ready, brought: Brought): Promise<Outcome<void>> {
  const { requires, name } = ready.project.environment;
  if (requires === undefined) return ok(undefined);
  const { bundle } = ready.wired;
  const migrations = wanted(ready, brought);
  const analysis: typeof bundle.analysis = async (migration, role) => await bundle.analysis(migration, role);
  const compared = { layout: bundle.layout, set: bundle.set, migrations, analysis };
  const { screen, globals } = context;
  const found: Finding[] = [];
  screen.live(`checking whether ${requires} has these migrations`);
  const elsewhere: Context = {
    ...context,
    globals: { ...globals, env: requires },
    // The first line of this run names the environment that it changes.
    screen: { ...screen, target: () => {}, place: () => {}, say: () => {} },
  };
  const looked = await withProject(elsewhere, { migrations: false, fresh: ready.fresh }, async (there) => {
    const task = inspectTask(there.project, there.actor, { what: 'overview', limit: mostRuns });
    const execution = await look(elsewhere, there, { task, question: whatIsApplied, name: 'overview' });
    const history = eventOf(execution, 'history');
    if (!history.ok) return failed(history.findings);
    const runs = execution.events.findLast((event) => event.kind === 'runs')?.runs ?? [];
    const { hooks } = there.project.environment;
    const mask = (text: string): string => context.redactor.redact(text);
    const { rows } = history.value;
    const { comparison } = await compareReported(compared, history.value, nodeHashing, { outOfOrder: true });
    found.push(...lacking({ from: requires, rows, runs, hooks, migrations, comparison, mask }));
    return done({});
  });
  screen.settle();
  if (looked.exitCode !== 0) return err(...looked.findings.map((finding) => whose(finding, requires, name)));
  return found.length > 0 ? err(...found) : ok(undefined);
}

function whose(finding: Finding, from: string, name: string): Finding {
  return { ...finding, why: `\`${name}\` requires \`${from}\`, which could not be queried: ${finding.why}` };
}

function wanted({ wired }: Ready, { selection, reviewed }: Brought): readonly Migration[] {
  const { migrations } = wired.bundle;
  if (reviewed !== undefined) return migrations.filter(({ id }) => reviewed.includes(id));
  const { to, only } = selection;
  if (only !== undefined) return migrations.filter(({ id }) => only.includes(id));
  return to === undefined ? migrations : migrations.filter(({ id }) => !isAfter(id, to));
}

/** Versions are digits without leading zeros in ids, and compared as numbers. */
function isAfter(id: string, to: string): boolean {
  const [one, other] = [BigInt(versionIn(id)), BigInt(to)];
  return one > other;
}
