import { fault } from '../../kit/fault.ts';
import { change } from '../change.ts';
import type { Run } from '../command.ts';
import { failed } from '../result.ts';

/** `godwit down`; with `--draft`, a down file is proposed and no database is asked. */
export const down: Run = async (context) => {
  const { switches, values } = context.typed;
  if (values['draft'] !== undefined)
    return await (await import('../draft-down.ts')).draftDown(context, values['draft']);
  const without = switches.has('write') ? 'write' : 'major' in values ? 'major' : undefined;
  if (without !== undefined) return failed([fault('wrong-usage', { why: `--${without} belongs to --draft VERSION.` })]);
  return await change(context, 'down');
};
