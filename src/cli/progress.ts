import type { Context } from './command.ts';

/** Without a terminal, a step that takes less than this is not shown, in milliseconds. */
const worthShowingMs = 2_000;

/**
 * Shows the progress before a run. A terminal shows all of it. Without a terminal, it shows the download, which can
 * take a minute, and the steps of a remote engine: one line for each long step, not one for each percentage.
 */
export function progressOn({ screen }: Context): (text: string, step: string) => void {
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
    // This line comes once and must stay, because it says which database is used.
    if (step === 'copy') screen.say(text);
    else if (!screen.lasting || (step !== 'download' && step !== 'step')) screen.live(text);
    else if (step === 'download' || !text.includes('%') || isNews(text)) screen.say(text);
  };
}
