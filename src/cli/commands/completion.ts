import { fault } from '../../kit/fault.ts';
import type { Run } from '../command.ts';
import { completionScript } from '../completion.ts';
import { done, failed } from '../result.ts';

/** `godwit completion bash|zsh|fish` */
export const completion: Run = async ({ typed, screen, table }) => {
  const [shell = ''] = typed.arguments;
  const script = completionScript(shell, table);
  if (script === undefined) {
    return failed([
      fault('wrong-usage', {
        why: `There is no completion for the shell \`${shell}\`.`,
        fix: 'Supported shells are bash, zsh and fish.',
      }),
    ]);
  }
  if (!screen.json) screen.product(script);
  return done({ script });
};
