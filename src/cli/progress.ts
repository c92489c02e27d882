import type { Context } from './command.ts';

/** Off a terminal, what has not taken this long is not told. */
const worthShowingMs = 2_000;

/**
 * Shows what goes on before a run: on a terminal all of it; elsewhere the download, which can take a minute, and the
 * steps of an engine far away: one line for each that takes a while, not one for each tenth of it.
 */
export function progressOn({ screen, io }: Context): (text: string, step: string) => void {
  const started = new Map<string, number>();
  const isNews = (text: string): boolean => {
    const what = text.split(':')[0] ?? text;
    const since = started.get(what) ?? performance.now();
    started.set(what, since);
    if (performance.now() - since < worthShowingMs) return false;
    started.set(what, Infinity);
    return true;
  };
  return (text, step) => {
    // Told once, and worth keeping: which database is meant depends on it.
    if (step === 'copy') screen.say(text);
    else if (io.terminal || (step !== 'download' && step !== 'step')) screen.live(text);
    else if (step === 'download' || !text.includes('%') || isNews(text)) screen.say(text);
  };
}
