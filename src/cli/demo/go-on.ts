import { basename } from 'node:path';

/**
 * How a person starts godwit after a demo: as this process was started. In a clone there is no `godwit` on the path, only
 * its file.
 *
 * @param program the path by which Node was told what to run; a link of npm ends in `godwit`
 */
export function ownProgram(env: Readonly<Record<string, string | undefined>>, program: string | undefined): string {
  if (env['npm_command'] === 'exec') return 'npx godwit';
  return program !== undefined && basename(program) === 'godwit.cjs' ? `node ${program}` : 'godwit';
}
