import type { Writable } from 'node:stream';

/**
 * Messages of one turn of the event loop leave in one write: the call costs the system more than what is in it.
 *
 * @returns to be called in front of each message
 */
export function gathering(stream: Pick<Writable, 'cork' | 'uncork'>): () => void {
  let gathers = false;
  return () => {
    if (gathers) return;
    gathers = true;
    stream.cork();
    process.nextTick(() => {
      gathers = false;
      stream.uncork();
    });
  };
}
