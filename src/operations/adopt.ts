import { fault } from '../kit/fault.ts';
import { nearest } from '../kit/nearest.ts';
import { err, ok, type Outcome } from '../kit/outcome.ts';
import type { RunEvent } from '../migrate/contract/event.ts';
import { versionIn } from '../migrate/contract/migration-id.ts';
import { canonicalVersion } from '../migrate/read/file-name.ts';
import type { Migration } from '../migrate/contract/model.ts';
import type { Selection } from '../migrate/contract/task.ts';
import { rehearseAdoption, type RehearsedAdoption } from './rehearse-adoption.ts';
import { applyTask } from './tasks.ts';
import { checkToolName } from './tool-name.ts';
import { refused, type OperationResult } from './operation-result.ts';
import { consent } from './consent.ts';
import { execute, type OperationContext } from './execute.ts';

/** What to adopt. */
export interface AdoptRequest {
  /** Versions or names of migrations; none: all that are pending. */
  readonly names: readonly string[];
  /** Migrations up to this version are recorded without proof. */
  readonly baseline?: string | undefined;
  /** Another tool, or its history table, that says what is applied; `auto`: the one that knows these migrations. */
  readonly from?: string | undefined;
  readonly waitMs?: number | undefined;
}

/** A rehearsed adoption: what would be recorded, and with which bundle. */
export interface PreparedAdoption extends RehearsedAdoption {
  readonly how: 'adopt' | 'baseline';
  readonly selection: Selection;
}

/** Runs the migrations on a throwaway server, and compares the database with what they make. */
export async function prepareAdoption(
  operation: OperationContext,
  request: AdoptRequest,
): Promise<Outcome<PreparedAdoption>> {
  const { ready, ui, signal } = operation;
  const { names, baseline, from } = request;
  if (baseline !== undefined && names.length > 0)
    return err(fault('wrong-usage', { why: 'Name migrations, or give --baseline VERSION, not both.' }));
  if (from !== undefined && (baseline !== undefined || names.length > 0))
    return err(
      fault('wrong-usage', { why: '--from takes over what another tool says: name no migrations, and no --baseline.' }),
    );
  const known = checkToolName('--from', from, 'auto');
  if (!known.ok) return known;
  const only = idsOf(names, ready.wired.bundle.migrations);
  if (!only.ok) return only;
  const how = baseline === undefined ? 'adopt' : 'baseline';
  const selection: Selection = {
    direction: 'up',
    outOfOrder: only.value.length > 0 || from !== undefined,
    ...(baseline === undefined ? {} : { to: baseline }),
    ...(only.value.length === 0 ? {} : { only: only.value }),
  };
  const prepared = await rehearseAdoption(ready.project, {
    bundle: ready.wired.bundle,
    actor: ready.actor,
    selection,
    how,
    from,
    execute: async (task, bundle) => {
      const there = { ...ready, wired: { ...ready.wired, bundle } };
      return await execute({ ...operation, ready: there }, task);
    },
    onProgress: (text, step) => ui.onNote({ kind: 'preparing', text, step: step === 'step' ? 'rehearsal' : step }),
    signal,
  });
  if (!prepared.ok) return prepared;
  for (const finding of prepared.value.findings) ui.onEvent({ kind: 'finding', finding });
  return ok({ ...prepared.value, how, selection });
}

/** Records those rehearsed migrations that the database proves. */
export async function adopt(
  operation: OperationContext,
  { bundle, how, selection }: PreparedAdoption,
  { from, waitMs }: AdoptRequest,
): Promise<OperationResult> {
  const { ready, ui } = operation;
  const wait = waitMs === undefined ? {} : { waitMs };
  const consented = await consent(operation, { command: 'adopt', how, selection, from, ...wait });
  if (!consented.ok) return refused(consented.findings);
  if (consented.value === undefined) return { kind: 'nothing' };
  const task = await applyTask(ready.project, ready.actor, consented.value);
  const rehearsed = { ...ready, wired: { ...ready.wired, bundle } };
  const onEvent = (event: RunEvent): void => ui.onEvent(event);
  return { kind: 'ended', execution: await execute({ ...operation, ready: rehearsed }, task, { onEvent }) };
}

/** The ids of migrations given by version or name; each must exist. */
function idsOf(names: readonly string[], migrations: readonly Migration[]): Outcome<readonly string[]> {
  const ids: string[] = [];
  for (const name of names) {
    const canonical = canonicalVersion(name);
    const found = migrations.find(
      (one) => versionIn(one.id) === canonical || one.name === name || one.up.file.endsWith(`/${name}`),
    );
    if (found === undefined) {
      const near = nearest(
        name,
        migrations.map((one) => one.name),
      );
      return err(
        fault('wrong-usage', {
          why: `There is no migration \`${name}\`.`,
          ...(near === undefined ? {} : { fix: `Did you mean \`${near}\`?` }),
        }),
      );
    }
    ids.push(found.id);
  }
  return ok(ids);
}
