import { setFlagsFromString } from 'node:v8';

/** How long, in milliseconds, the flag is held: then the process may belong to other work. */
const heldFor = 60_000;

let timer: NodeJS.Timeout | undefined;

/**
 * Keeps V8 from enlarging its young generation for a minute. With 10,000 migrations it would grow by 30 to 50 MB, most
 * of them empty, and save nothing: what a folder leaves in memory lives as long as the command. V8 reads this flag
 * whenever it would enlarge it.
 */
export function holdHeapGrowth(): void {
  setFlagsFromString('--semi-space-growth-factor=1');
  clearTimeout(timer);
  timer = setTimeout(() => setFlagsFromString('--semi-space-growth-factor=2'), heldFor).unref();
}
