import type { ByteSource } from '../../migrate/contract/ports.ts';

/** How long work may keep others waiting, in milliseconds. */
const longestTurn = 3;

/** Resolves at once, or, after some milliseconds of work, when others of this process have had their turn. */
export function createTurns(): () => Promise<void> {
  let began = performance.now();
  return async () => {
    if (performance.now() - began < longestTurn) return;
    await new Promise<void>((resolve) => setImmediate(resolve));
    began = performance.now();
  };
}

/** A source that gives others their turn before each read: reading files is synchronous inside. */
export function yieldingSource(source: ByteSource, turn: () => Promise<void>): ByteSource {
  return {
    size: source.size,
    async read(start, end) {
      await turn();
      return await source.read(start, end);
    },
  };
}
