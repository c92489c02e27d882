import { fault } from '../../../kit/fault.ts';
import { err, ok, type Outcome } from '../../../kit/outcome.ts';
import { quoteLiteral } from '../../../sql/quote.ts';
import type { Session } from '../../contract/ports.ts';

/**
 * Refuses a command whose run another process has begun. What that process did cannot be known: the command may have
 * run, also if the history has no end of it.
 *
 * @param own the description with which this process begins the run
 */
export async function refuseTaken(session: Session, run: string, own?: string): Promise<Outcome<void>> {
  const reply = await session.send(
    `select outcome, exit_code, about, exists (select from godwit.event e where e.run = r.run and e.kind = 'exec')
from godwit.run r where run = ${quoteLiteral(run)}`,
    { rows: 'all' },
  );
  const [row] = reply.ok ? (reply.results[0]?.rows ?? []) : [];
  if (row === undefined) return ok(undefined);
  const [outcome, exitCode, about, executed] = row;
  if (own !== undefined && about === own) return ok(undefined);
  return err(
    fault('job-repeated', {
      why: `${stateOf(outcome ?? '', exitCode ?? null, executed === 't')} The command was not executed again.`,
      fix: `\`godwit runs show ${run}\` shows what is recorded. Check what the command did before you run it again.`,
    }),
  );
}

function stateOf(outcome: string, exitCode: string | null, executed: boolean): string {
  if (exitCode !== null) return `This run has ended before: ${outcome}, exit code ${exitCode}.`;
  if (executed) return 'Another process has started the command of this run, and no end of it is recorded.';
  return 'Another process has begun this run.';
}
