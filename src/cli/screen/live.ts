/** One line at the bottom of a terminal that is replaced as the work proceeds. */
export interface LiveLine {
  show(text: string): void;
  clear(): void;
}

const frames = ['⠋', '⠙', '⠹', '⠸', '⠼', '⠴', '⠦', '⠧', '⠇', '⠏'];
const frameMs = 80;
const eraseLine = '\r\u001b[2K';

/**
 * Creates a live line with a turning spinner, or one that does nothing without a terminal. Its timer does not keep the
 * process alive.
 */
export function createLiveLine(parts: {
  readonly enabled: boolean;
  readonly write: (text: string) => void;
  readonly columns: () => number;
}): LiveLine {
  let text = '';
  let frame = 0;
  let timer: NodeJS.Timeout | undefined;
  if (!parts.enabled) return { show() {}, clear() {} };

  const draw = () => {
    const room = Math.max(10, parts.columns() - 4);
    const shown = Array.from(text).slice(0, room).join('');
    parts.write(`${eraseLine}${frames[frame % frames.length] ?? ''} ${shown}`);
    frame += 1;
  };
  return {
    show(next) {
      text = next;
      if (timer !== undefined) return;
      draw();
      timer = setInterval(draw, frameMs);
      timer.unref();
    },
    clear() {
      if (timer === undefined) return;
      clearInterval(timer);
      timer = undefined;
      parts.write(eraseLine);
    },
  };
}
