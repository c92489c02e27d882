import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { completionScript } from '../../src/cli/commands/completion/script.ts';
import { commandTable } from '../../src/cli/table.ts';
import { missing } from '../support/tools.ts';

let folder = '';
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'godwit-completion-'));
  for (const shell of ['bash', 'zsh', 'fish'])
    writeFileSync(join(folder, `godwit.${shell}`), completionScript(shell, commandTable) ?? '');
});
afterAll(() => rmSync(folder, { recursive: true }));

/** What a shell proposes behind these words; the last one is being typed. */
type Complete = (...words: readonly string[]) => readonly string[];

const bash: Complete = (...words) =>
  linesOf('bash', [
    '--norc',
    '-c',
    `source "$0"; COMP_WORDS=(godwit "$@"); COMP_CWORD=$#; _godwit; printf '%s\\n' "\${COMPREPLY[@]}"`,
    join(folder, 'godwit.bash'),
    ...words,
  ]);

// Its own completion runs only in an interactive shell: bash's function is called as zsh calls it, and what does not begin
// with the word is left out, as zsh does with the answer.
const zsh: Complete = (...words) =>
  linesOf('zsh', [
    '-fc',
    `autoload -U compinit && compinit -u -d "$1/dump" && source "$1/godwit.zsh" && shift
complete() { : }
call() { emulate -L sh; setopt kshglob noshglob braceexpand; COMP_WORDS=(godwit "$@"); COMP_CWORD=$#; _godwit; }
PREFIX="\${@[-1]}"; call "$@"; printf '%s\\n' "\${COMPREPLY[@]}"`,
    'zsh',
    folder,
    ...words,
  ]).filter((line) => line.startsWith(words.at(-1) ?? ''));

const fish: Complete = (...words) =>
  linesOf('fish', [
    '--no-config',
    '-c',
    `source ${join(folder, 'godwit.fish')}; complete -C '${['godwit', ...words].join(' ')}'`,
  ]).map((line) => line.split('\t')[0] ?? '');

function linesOf(program: string, argv: readonly string[]): readonly string[] {
  const text = execFileSync(program, argv, { encoding: 'utf8', env: { ...process.env, HOME: folder } });
  return text.split('\n').filter((line) => line !== '');
}

describe.each([
  ['bash', bash],
  ['zsh', zsh],
  ['fish', fish],
] as const)('%s', (shell, propose) => {
  const complete: Complete = (...words) => [...propose(...words)].sort();

  test.skipIf(missing(shell))('completes commands, their second words and their options', () => {
    expect(complete('')).toEqual(expect.arrayContaining(['up', 'down', 'runs', 'db', 'completion']));
    expect(complete('ver')).toEqual(['verify']);
    expect(complete('runs', '')).toEqual(expect.arrayContaining(['list', 'show', 'attach', 'cancel', 'verify-chain']));
    expect(complete('db', 'st')).toEqual(['start', 'status', 'stop']);
    expect(complete('runs', 'list', '--li')).toEqual(['--limit']);
    expect(complete('up', '--out-')).toEqual(['--out-of-order']);
    expect(complete('up', '--limit')).toEqual([]);
    expect(complete('completion', '')).toEqual(expect.arrayContaining(['bash', 'zsh', 'fish']));
  });

  test.skipIf(missing(shell))('completes the values of an option that has a few, and paths', () => {
    expect(complete('up', '--on-disconnect', '')).toEqual(['cancel', 'finish']);
    expect(complete('up', '--file', join(folder, 'godwit.ba')).map((path) => basename(path))).toEqual(['godwit.bash']);
  });
});
