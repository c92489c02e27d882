import { randomBytes } from 'node:crypto';

const alphabet = '0123456789ABCDEFGHJKMNPQRSTVWXYZ';

/** Creates the id of a run: 26 characters that sort by time (10 of milliseconds, 16 random), without I, L, O, U. */
export function createRunId(now: number): string {
  let time = now;
  let head = '';
  for (let index = 0; index < 10; index += 1) {
    head = (alphabet[time % 32] ?? '') + head;
    time = Math.floor(time / 32);
  }
  const tail = Array.from(randomBytes(16), (byte) => alphabet[byte % 32] ?? '').join('');
  return head + tail;
}

/** Names the runs of a project. The name of the next one is known before its task is made. */
export interface RunIds {
  readonly next: string;
  take(): string;
}

export function createRunIds(now: () => number): RunIds {
  let next: string | undefined;
  const look = (): string => (next ??= createRunId(now()));
  return {
    get next() {
      return look();
    },
    take() {
      const id = look();
      next = undefined;
      return id;
    },
  };
}
