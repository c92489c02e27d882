import { fault } from '../../kit/fault.ts';
import type { Finding } from '../../kit/finding.ts';
import type { ForeignSummary } from './foreign-history.ts';
import { toolTitles } from './tool.ts';

/** What a command that reads says of another tool's history next to an empty one of godwit. */
export function foreignNotice({ tool, table, entries, unreadable }: ForeignSummary, environment: string): Finding {
  const named = environment === 'local' ? '' : ` -e ${environment}`;
  const holds = entries === 1 ? 'holds 1 entry' : `holds ${entries} entries`;
  const why = `Table ${table} of ${toolTitles[tool]} ${unreadable === '' ? holds : `cannot be read (${unreadable})`}; godwit has recorded nothing here yet.`;
  const fix = `If its migrations are those of this folder: \`godwit adopt --from ${tool}${named}\` records what ${toolTitles[tool]} has applied.`;
  return { ...fault('foreign-history', { why, fix }), severity: 'warning' };
}
