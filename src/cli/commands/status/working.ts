import type { WorkingRun } from '../../../migrate/contract/history-rows.ts';
import { countOf, duration } from '../../screen/format.ts';
import type { Style } from '../../screen/style.ts';
import type { StatusLine } from './status-lines.ts';

/** Names the runs that are at work on the database, with what each of them does now. */
export function workingLines(
  working: readonly WorkingRun[],
  lines: readonly StatusLine[],
  style: Style,
): readonly string[] {
  return working.flatMap((run) => [
    `${style.cyan('⏵')} Run ${run.run} is at work: ${run.command} by ${run.by} from ${run.from}, for ${duration(run.ms)}`,
    style.dim(`  ${nowText(run, lines)}`),
  ]);
}

/** `11 slow: CREATE INDEX (line 3), building index 40%, for 17 s` */
function nowText({ migration, statement, sessions }: WorkingRun, lines: readonly StatusLine[]): string {
  const name = lines.find(({ id }) => id === migration)?.name ?? '';
  const title = `${migration} ${name}`.trim();
  const session = sessions.find(({ state }) => state === 'active') ?? sessions[0];
  const parts = [
    ...(statement === undefined ? [] : [`${statement.tag} (line ${statement.line})`]),
    ...(session === undefined || session.progress === '' ? [] : [session.progress]),
    ...(session === undefined ? [] : [stateOf(session)]),
  ];
  return [title, parts.join(', ')].filter((part) => part !== '').join(': ');
}

function stateOf({ state, waits, seconds, blockedBy }: WorkingRun['sessions'][number]): string {
  const lasting = `for ${duration(seconds * 1000)}`;
  if (blockedBy.length > 0)
    return `waiting ${lasting} for ${countOf(blockedBy.length, 'session')} (pid ${blockedBy.join(', ')})`;
  if (state === 'active') return `running ${lasting}`;
  return waits === '' || waits.startsWith('Client') ? `between two statements ${lasting}` : `${waits} ${lasting}`;
}
