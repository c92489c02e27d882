/** How many members may be at work at once. */
export interface LaneTerms<Item> {
  /** In all. */
  readonly parallel: number;
  /** Names the server of a member, and how many of its members may be at work at once. */
  readonly server: (item: Item) => string;
  readonly room: (server: string) => number;
  /** Names the database: one member of it is at work at a time. */
  readonly place: (item: Item) => string;
  /** Asked before each start: true, nothing else begins. */
  readonly isOver: () => boolean;
}

/**
 * Performs the work of all items, as many at once as the terms allow, in their order. Nothing begins once it is over;
 * what is at work is waited for.
 *
 * @returns the items that have not begun
 */
export async function inLanes<Item>(
  items: readonly Item[],
  terms: LaneTerms<Item>,
  work: (item: Item) => Promise<void>,
): Promise<readonly Item[]> {
  const waiting = [...items];
  const servers = new Map<string, number>();
  const places = new Set<string>();
  const atWork = new Set<Promise<void>>();
  const next = (): Item | undefined => {
    if (terms.isOver() || atWork.size >= terms.parallel) return undefined;
    const index = waiting.findIndex((item) => {
      const server = terms.server(item);
      return !places.has(terms.place(item)) && (servers.get(server) ?? 0) < terms.room(server);
    });
    return index === -1 ? undefined : waiting.splice(index, 1)[0];
  };
  for (;;) {
    for (let item = next(); item !== undefined; item = next()) {
      const one = item;
      const [server, place] = [terms.server(one), terms.place(one)];
      servers.set(server, (servers.get(server) ?? 0) + 1);
      places.add(place);
      const done = work(one).finally(() => {
        atWork.delete(done);
        places.delete(place);
        servers.set(server, (servers.get(server) ?? 1) - 1);
      });
      atWork.add(done);
    }
    if (atWork.size === 0) return waiting;
    await Promise.race(atWork);
  }
}
