import { fault } from '../../../kit/fault.ts';
import type { Finding, Place } from '../../../kit/finding.ts';
import type { LossAccount } from './account.ts';

/** What a refusal to undo reports in addition to the losses. */
interface RefusalContext {
  readonly account: LossAccount;
  /** True: more than one migration is undone. */
  readonly several: boolean;
  /** How many more rows may be lost. */
  readonly left: number;
  /** The necessary value of `--allow-row-loss`. */
  readonly needed: number;
  readonly where: Place;
  /** Id of the migration whose step it is. */
  readonly migration: string;
}

/** The finding when the losses under this key exceed the allowance. */
export function losesTooMuch(
  key: string,
  { account, several, left, needed, where, migration }: RefusalContext,
): Finding {
  const losses = account.losses(key).filter(({ rows }) => rows > 0);
  const rows = losses.reduce((sum, loss) => sum + loss.rows, 0);
  const created = losses.reduce((sum, loss) => sum + Math.min(loss.rows, account.createdIn(loss.table, migration)), 0);
  const each = losses.map((loss) => `${loss.label} ${loss.rows}`).join(', ');
  const maker = several ? 'the undone migrations' : 'the migration';
  const whose = `${created === 0 ? 'none of which' : 'of which'} ${maker} created${created === 0 ? '' : ` ${created}`}`;
  const allowed = left <= 0 ? 'no more may be lost' : `--allow-row-loss allows ${left} more`;
  return fault('down-loses-rows', {
    where,
    why: `The rollback destroys ${rows === 1 ? '1 row' : `${rows} rows`} (${each}), ${whose}; ${allowed}.`,
    fix: `Save the rows, then run again with \`--allow-row-loss ${needed}\`.`,
  });
}
