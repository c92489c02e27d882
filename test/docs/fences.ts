import { readFileSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

/** The root of the repository. */
export const root: string = fileURLToPath(new URL('../..', import.meta.url));

/** One fenced block of a page: its language, what follows the language, and its text. */
export interface Fence {
  readonly language: string;
  readonly terms: string;
  readonly text: string;
  readonly line: number;
}

/** The fenced blocks of a page of the repository, in their order. */
export function fencesOf(page: string): readonly Fence[] {
  const fences: Fence[] = [];
  const lines = readFileSync(`${root}/${page}`, 'utf8').split('\n');
  for (let at = 0; at < lines.length; at += 1) {
    const open = /^```(\w+) ?(.*)$/.exec(lines[at] ?? '');
    if (open === null) continue;
    const end = lines.indexOf('```', at + 1);
    const text = lines.slice(at + 1, end).join('\n');
    fences.push({ language: open[1] ?? '', terms: open[2] ?? '', text, line: at + 1 });
    at = end;
  }
  return fences;
}

/** Writes other texts into these blocks of a page. */
export function replaceFences(page: string, texts: ReadonlyMap<Fence, string>): void {
  const lines = readFileSync(`${root}/${page}`, 'utf8').split('\n');
  const lastFirst = [...texts].sort(([a], [b]) => b.line - a.line);
  for (const [fence, text] of lastFirst)
    lines.splice(fence.line, fence.text.split('\n').length, ...text.trimEnd().split('\n'));
  if (texts.size > 0) writeFileSync(`${root}/${page}`, lines.join('\n'));
}
