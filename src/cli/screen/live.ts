import { movingLine, type Moving } from './moving.ts';

/** Tells what is under way, and for how long. */
export interface LiveLine {
  /** `written`: a line of its own has just told it. */
  show(work: Moving, written?: boolean): void;
  /** Makes room for other lines; `show` begins again, and the time counts on as long as the work is the same. */
  clear(): void;
}

interface LiveParts {
  readonly write: (text: string) => void;
  readonly columns: () => number;
  /** Milliseconds. */
  readonly clock: () => number;
}

const frames = ['⠋', '⠙', '⠹', '⠸', '⠼', '⠴', '⠦', '⠧', '⠇', '⠏'];
const frameMs = 80;
const eraseLine = '\r\u001b[2K';

/**
 * One line at the bottom of a terminal, with a turning spinner, that is replaced as the work proceeds. Its timer does
 * not keep the process alive.
 */
export function createSpinner({ write, columns, clock }: LiveParts): LiveLine {
  const watch = createStopwatch(clock);
  let work: Moving | undefined;
  let frame = 0;
  let timer: NodeJS.Timeout | undefined;
  const draw = (): void => {
    if (work === undefined) return;
    // The last column stays empty: some terminals go to the next line when it is written.
    const text = movingLine(work, watch.elapsed(), Math.max(10, columns() - 3));
    write(`${eraseLine}${frames[frame % frames.length] ?? ''} ${text}`);
    frame += 1;
  };
  return {
    show(next) {
      watch.about(next);
      work = next;
      if (timer !== undefined) return;
      draw();
      timer = setInterval(draw, frameMs);
      timer.unref();
    },
    clear() {
      if (timer === undefined) return;
      clearInterval(timer);
      timer = undefined;
      write(eraseLine);
    },
  };
}

const firstMs = 2_000;
const againMs = 60_000;

/**
 * In a log, where every line stays: one line once the work takes longer than a moment, then one for each minute in
 * which nothing else was written.
 */
export function createHeartbeat({ write, columns, clock }: LiveParts): LiveLine {
  const watch = createStopwatch(clock);
  let told = '';
  let timer: NodeJS.Timeout | undefined;
  const beat = (work: Moving): void => {
    told = subjectOf(work);
    write(movingLine(work, watch.elapsed(), columns()));
    wait(work, againMs);
  };
  const wait = (work: Moving, ms: number): void => {
    timer = setTimeout(() => beat(work), ms);
    timer.unref();
  };
  return {
    show(next, written = false) {
      watch.about(next);
      if (written) told = subjectOf(next);
      clearTimeout(timer);
      const due = told === subjectOf(next) ? againMs : firstMs;
      wait(next, Math.max(0, due - watch.silence()));
    },
    clear() {
      watch.spoke();
      clearTimeout(timer);
    },
  };
}

/** The work, without the numbers behind its colon: it lasts while these change. */
function subjectOf({ name }: Moving): string {
  return name.split(':')[0] ?? name;
}

function createStopwatch(clock: () => number) {
  let subject: string | undefined;
  let since = clock();
  let spokenAt = clock();
  return {
    about(work: Moving): void {
      if (subjectOf(work) === subject) return;
      subject = subjectOf(work);
      since = clock();
      spokenAt = since;
    },
    spoke(): void {
      spokenAt = clock();
    },
    elapsed: () => clock() - since,
    /** Since the work began, or since something else was written. */
    silence: () => clock() - spokenAt,
  };
}
