import { fault } from '../../../kit/fault.ts';
import type { Finding } from '../../../kit/finding.ts';
import { statementPlace } from '../../contract/statement-place.ts';
import type { MadePlan } from '../../plan/make-plan.ts';
import type { Analysis, Statement } from '../../contract/model.ts';
import type { Bundle, ByteSource } from '../../contract/ports.ts';

/**
 * What cannot be done through a connection pooler, found before anything is changed: a statement outside transactions
 * gets neither settings there nor an identifiable server process, so that after a crash it would be unknown whether it
 * still runs; and whatever a session keeps would remain for its next user.
 */
export async function needingSession(made: MadePlan, bundle: Bundle): Promise<readonly Finding[]> {
  const findings: Finding[] = [];
  for (const { id, file, direction } of made.plan.steps) {
    const analysis = made.analyses.get(id);
    const migration = bundle.migrations.find((candidate) => candidate.id === id);
    if (analysis === undefined || migration === undefined) continue;
    findings.push(...outside(analysis, file));
    const body = await bundle.body(migration, direction);
    for (const statement of analysis.statements) {
      const kept = await keeps(statement, body);
      if (kept !== undefined) findings.push(refuse(statement, file, `${statement.tag} ${kept}`));
    }
  }
  return findings;
}

function outside({ segments, statements }: Analysis, file: string): readonly Finding[] {
  return segments.flatMap(({ kind, first }) => {
    const statement = statements[first];
    if (kind !== 'standalone' || statement === undefined) return [];
    return [refuse(statement, file, `${statement.tag} runs outside a transaction`)];
  });
}

const longest = 1024 * 1024;
const sessionLock = /\bpg_(?:try_)?advisory_lock(?:_shared)?\b/i;

/** What outlives the statement's transaction, as text. */
async function keeps(statement: Statement, body: ByteSource): Promise<string | undefined> {
  if (statement.tag === 'LISTEN') return 'lasts as long as its session';
  // Seed rows are numerous and never take advisory locks.
  if (statement.count > 1 || statement.end - statement.head > longest) return undefined;
  const text = new TextDecoder().decode(await body.read(statement.head, statement.end));
  const lock = sessionLock.exec(text)?.[0];
  return lock === undefined ? undefined : `takes a lock for the whole session (${lock.toLowerCase()})`;
}

function refuse(statement: Statement, file: string, what: string): Finding {
  const why = `${what}, but the connection goes through a pooler.`;
  return fault('needs-session', { why, where: statementPlace(statement, file) });
}
