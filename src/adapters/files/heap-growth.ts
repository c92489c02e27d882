const small = '--semi-space-growth-factor=1';

/** How long, in milliseconds, the flag is held: then the process may belong to other work. */
const heldFor = 60_000;

let timer: NodeJS.Timeout | undefined;

/**
 * Keeps V8 from enlarging its young generation for a minute. With 10,000 migrations it would grow by 30 to 50 MB, most
 * of them empty, and save nothing: what a folder leaves in memory lives as long as the command. V8 reads this flag
 * whenever it would enlarge it.
 */
export function holdHeapGrowth(): void {
  // What V8 has compiled is kept at exit, for starts that have not set the flag yet.
  if (timer === undefined) process.prependOnceListener('exit', release);
  setFlag(small);
  clearTimeout(timer);
  timer = setTimeout(release, heldFor).unref();
}

function release(): void {
  setFlag('--semi-space-growth-factor=2');
}

/**
 * Keeps V8’s young generation as small as it begins, for a process that is godwit’s own to its end: a runner. It is no
 * slower, and a job needs little memory.
 */
export function keepHeapSmall(): void {
  setFlag(small);
}

/** Most commands set no flag, and `node:v8` costs a start half a millisecond. */
function setFlag(flag: string): void {
  process.getBuiltinModule('node:v8').setFlagsFromString(flag);
}
