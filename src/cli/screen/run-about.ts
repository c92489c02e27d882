import { shown } from '../../migrate/contract/command-text.ts';
import type { RunRow } from '../../migrate/contract/history-rows.ts';
import { aligned, countOf } from './format.ts';
import type { Style } from './style.ts';

const longest = 60;
const named = 2;

/** What a run did, in one line. */
export function whatOf(run: RunRow): string {
  const { command, applied, about } = run;
  // The ledger does not have the words, because only the runner can mask the password in them.
  if (about === undefined && command === 'accept') return 'a difference';
  if (about === undefined && command === 'prune') return 'the audit';
  if (about?.pruned !== undefined) return `${countOf(about.pruned.runs, 'run')} ${about.words.join(' ')}`;
  if (about === undefined || about.tx !== undefined) return command === 'exec' ? 'a command' : migrationsText(run);
  if (about.claim !== undefined) return `${countedText(applied)} from ${about.claim.tool}`;
  if (about.identity !== undefined) return `identity: ${shortened(about.reason ?? '')}`;
  if (about.reason !== undefined) return `${shortened(about.words.join(', '))}: ${shortened(about.reason)}`;
  return about.hook === undefined ? shown(about.words, longest) : `hook ${about.hook}`;
}

/** A run whose lines did not all arrive has no number. */
function countedText(applied: number | null): string {
  return applied === null ? 'migrations' : countOf(applied, 'migration');
}

/** `1 users, 2 views`; of many the first, and how many more; then the one that failed. */
function migrationsText({ applied, migrations = [], failedAt }: RunRow): string {
  if (applied === null) return countedText(applied);
  const names = migrations.slice(0, applied > named ? 1 : named).map(shortened);
  const more = applied - names.length;
  const done = names.length === 0 ? (applied === 0 ? [] : [countOf(applied, 'migration')]) : [names.join(', ')];
  const rest = names.length > 0 && more > 0 ? [`and ${more} more`] : [];
  const failed = failedAt === undefined ? [] : [`${done.length === 0 ? '' : 'then '}${failedName(failedAt)} failed`];
  return [...done, ...rest, ...failed].join(' ');
}

/** `3 seed`: the name is that of its file. */
export function failedName({ migration, file }: NonNullable<RunRow['failedAt']>): string {
  const name = /([^/]+?)(?:\.down)?\.sql$/.exec(file ?? '')?.[1]?.replace(/^\d+_/, '') ?? '';
  return migration.startsWith('file:') ? migration.slice('file:'.length) : `${migration} ${name}`.trim();
}

function shortened(text: string): string {
  const line = text.replaceAll(/\s+/g, ' ');
  return line.length > longest ? `${line.slice(0, longest - 1)}…` : line;
}

/** Lists what a run of `verify --accept` accepted into the baseline. */
export function acceptedLines({ about }: RunRow, style: Style): readonly string[] {
  const accepted = about?.accepted ?? [];
  if (accepted.length === 0) return [];
  const more = (about?.total ?? accepted.length) - accepted.length;
  return [
    '',
    ...aligned(accepted.map(({ change, kind, name }) => [`  ${style.dim(change)}`, kind, style.bold(name)])),
    ...(more > 0 ? [style.dim(`  and ${countOf(more, 'other object')}`)] : []),
  ];
}
