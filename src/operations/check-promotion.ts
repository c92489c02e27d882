import { maskCredentials } from '../kit/credential-shapes.ts';
import { nodeHashing } from '../adapters/files/hashing.ts';
import type { Finding } from '../kit/finding.ts';
import { err, ok, type Outcome } from '../kit/outcome.ts';
import { versionIn } from '../migrate/contract/migration-id.ts';
import { canonicalVersion, compareVersions } from '../migrate/read/file-name.ts';
import type { Migration } from '../migrate/contract/model.ts';
import { compareReported } from '../migrate/plan/reported-statements.ts';
import type { Selection } from '../migrate/contract/task.ts';
import type { PlanFile } from './plan-file.ts';
import { lacking } from './promotion.ts';
import { whatIsApplied } from './questions.ts';
import { inspectTask } from './tasks.ts';
import { eventOf, type OperationContext } from './execute.ts';
import { look } from './look-up.ts';
import { withReady, type Ready } from './ready.ts';
import type { Ui } from './ui.ts';

/** What an `up` is about to apply. */
interface Brought {
  readonly selection: Selection;
  readonly reviewed?: PlanFile | undefined;
}

/** How many runs are read: hooks may have passed many runs ago. */
const mostRuns = 200;

/**
 * Refuses to apply migrations to an environment before the one that it requires has them, with its hooks passed. Does
 * nothing if the environment requires none.
 */
export async function checkPromotion(operation: OperationContext, request: Brought): Promise<Outcome<void>> {
  const { ready, ui } = operation;
  const { requires, name } = ready.project.environment;
  if (requires === undefined) return ok(undefined);
  const migrations = broughtBy(ready, request);
  ui.onNote({ kind: 'progress', text: `checking whether ${requires} has these migrations` });
  const opening = { ...ready.opening, environment: requires };
  const needs = { migrations: false, fresh: ready.fresh };
  const elsewhere = { ...ui, ...quietly(ui) };
  const looked = await withReady(opening, needs, elsewhere, async (there) => {
    return await lackingThere({ ...operation, ready: there, ui: elsewhere }, ready, { requires, migrations });
  });
  ui.onNote({ kind: 'settled' });
  const found = looked.ok ? looked.value : looked;
  if (!found.ok) return err(...found.findings.map((finding) => whose(finding, requires, name)));
  return found.value.length > 0 ? err(...found.value) : ok(undefined);
}

/** Drops some notes about the required environment: the first line names only the environment that is changed. */
function quietly(ui: Ui): Pick<Ui, 'onNote'> {
  return {
    onNote(note) {
      if (note.kind !== 'opened' && note.kind !== 'reached' && note.kind !== 'known') ui.onNote(note);
    },
  };
}

async function lackingThere(
  operation: OperationContext,
  here: Ready,
  { requires, migrations }: { readonly requires: string; readonly migrations: readonly Migration[] },
): Promise<Outcome<readonly Finding[]>> {
  const { project, actor } = operation.ready;
  const { bundle } = here.wired;
  const task = inspectTask(project, actor, { what: 'overview', limit: mostRuns });
  const execution = await look(operation, { task, question: whatIsApplied, name: 'overview' });
  const history = eventOf(execution, 'history');
  if (!history.ok) return history;
  const runs = execution.events.findLast((event) => event.kind === 'runs')?.runs ?? [];
  const { hooks } = project.environment;
  const mask = (text: string): string => maskCredentials(project.redactor.redact(text));
  const { rows } = history.value;
  const compared = { ...bundle, migrations };
  const { comparison } = await compareReported(compared, history.value, nodeHashing, { outOfOrder: true });
  return ok(lacking({ from: requires, rows, runs, hooks, migrations, comparison, mask }));
}

function whose(finding: Finding, from: string, name: string): Finding {
  return { ...finding, why: `\`${name}\` requires \`${from}\`, which could not be queried: ${finding.why}` };
}

/** What an `up` is about to apply: the reviewed migrations, or those that the selection names. */
function broughtBy({ wired }: Ready, { selection, reviewed }: Brought): readonly Migration[] {
  const { migrations } = wired.bundle;
  const { to, only } = selection;
  const ids = reviewed?.plan.steps.map(({ id }) => id) ?? only;
  if (ids !== undefined) return migrations.filter(({ id }) => ids.includes(id));
  return to === undefined ? migrations : migrations.filter(({ id }) => !isAfter(id, to));
}

function isAfter(id: string, to: string): boolean {
  return compareVersions(versionIn(id), canonicalVersion(to)) > 0;
}
