import { fault } from '../../kit/fault.ts';
import { defineCommand, type Run } from '../command.ts';
import { argument } from '../options/argument-kinds.ts';
import { done, failed } from '../result.ts';
import { completionScript } from './completion/script.ts';

export const spec = defineCommand({
  name: 'completion',
  summary: 'Print the completion script of a shell',
  arguments: { shell: argument('SHELL', 'bash, zsh or fish') },
  examples: [
    { type: 'source <(godwit completion bash)', does: 'for this shell; add it to ~/.bashrc to keep it' },
    { type: 'godwit completion fish > ~/.config/fish/completions/godwit.fish', does: 'for every fish shell' },
  ],
  advanced: true,
});

export const run: Run<typeof spec> = async ({ arguments: { shell }, screen, table }) => {
  const script = completionScript(shell, table);
  if (script === undefined) {
    return failed([
      fault('wrong-usage', {
        why: `There is no completion for the shell \`${shell}\`.`,
        fix: 'godwit completes bash, zsh and fish.',
      }),
    ]);
  }
  if (!screen.json) screen.product(script);
  return done({ script });
};
