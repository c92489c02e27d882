import { wrapped } from './wrap.ts';

/** A question whose lines break at words; the answer is typed after its last one. */
export function question(text: string, columns: number): string {
  const asked = text.trimEnd();
  const lines = asked.split('\n').flatMap((line) => wrapped(line, columns === 0 ? 80 : columns - 4));
  return lines.join('\n') + text.slice(asked.length);
}
