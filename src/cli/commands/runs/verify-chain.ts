import type { RunEvent } from '../../../migrate/contract/event.ts';
import { inspectTask, ofAnyDatabase } from '../../../operations/tasks.ts';
import { defineCommand, type Run } from '../../command.ts';
import { executeQuietly, withProject } from '../../execute.ts';
import { optionalArgument } from '../../options/argument-kinds.ts';
import { failed } from '../../result.ts';
import { countOf } from '../../screen/format.ts';
import { prunedLines } from '../../screen/pruning.ts';
import type { Style } from '../../screen/style.ts';

export const spec = defineCommand({
  name: 'runs verify-chain',
  summary: 'Prove that nobody changed the audit log',
  arguments: { run: optionalArgument('RUN', 'id of a run, or its first characters (default: all runs)') },
  examples: [{ type: 'godwit runs verify-chain', does: 'exit code 50 and the id of the run if a row was changed' }],
  advanced: true,
});

export const run: Run<typeof spec> = async (context) =>
  await withProject(context, { migrations: false }, async (ready) => {
    const { screen } = context;
    const subject = (context.arguments.run ?? '').toUpperCase();
    const execution = await executeQuietly(
      context,
      ready,
      ofAnyDatabase(inspectTask(ready.project, ready.actor, { what: 'chain', subject })),
    );
    if (execution.events.length === 0) return failed(execution.findings);
    const chains = execution.events.filter((event) => event.kind === 'chain');
    const common = execution.events.findLast((event) => event.kind === 'chain.history');
    if (execution.exitCode === 0) screen.answer('', ...chainLines(chains, common, screen.style));
    const { exitCode, outcome } = execution;
    const findings = uniqueByText(execution.findings);
    return {
      exitCode,
      outcome,
      findings,
      data: {
        chains: chains.map(withoutKind),
        ...historyOf(common),
      },
    };
  });

type Chain = Extract<RunEvent, { readonly kind: 'chain' }>;
type ChainHistory = Extract<RunEvent, { readonly kind: 'chain.history' }>;

function historyOf(common: ChainHistory | undefined): Readonly<Record<string, unknown>> {
  if (common === undefined) return {};
  return { history: withoutKind(common) };
}

function withoutKind<E extends { readonly kind: string }>(event: E): Omit<E, 'kind'> {
  const { kind: _kind, ...rest } = event;
  return rest;
}

/** Counts what was compared, and lists what the audit chain does not cover. */
function chainLines(chains: readonly Chain[], common: ChainHistory | undefined, style: Style): readonly string[] {
  const events = chains.reduce((sum, chain) => sum + chain.events, 0);
  const counts = [
    countOf(chains.length, 'run'),
    countOf(events, 'event'),
    ...(common === undefined
      ? []
      : [countOf(common.migrations, 'migration'), `${countOf(common.objects, 'object')} of the baseline`]),
  ];
  return [
    `${style.green('✔')} ${counts.join(', ')}: no row was changed.`,
    ...(common?.pruned ?? []).flatMap((pruned) => prunedLines(pruned, style)),
    ...(common === undefined
      ? []
      : [style.dim('  Not covered:'), ...common.notCovered.map((text) => style.dim(`  · ${text}`))]),
  ];
}

function uniqueByText<T>(items: readonly T[]): readonly T[] {
  return [...new Map(items.map((item) => [JSON.stringify(item), item])).values()];
}
