/*
 * V8 would compile the hot functions of the parser a second time and optimise them. The parser works only briefly: that
 * takes more time than it saves, and on Node 24 half a gigabyte of memory. V8 reads its flags when it compiles a
 * function, which is when the function is first called; so they need to hold while the parser works, and other
 * WebAssembly of the process is left alone.
 */
const flags = ['wasm-tier-up', 'wasm-dynamic-tiering'];

let held = 0;

/** Keeps V8 from optimising WebAssembly while `work` waits. */
export async function withoutTierUp<Result>(work: () => Promise<Result>): Promise<Result> {
  hold();
  try {
    return await work();
  } finally {
    release();
  }
}

/** Keeps V8 from optimising WebAssembly until the event loop goes on: setting flags for each statement would add up. */
export function pauseTierUp(): void {
  if (held > 0) return;
  hold();
  setImmediate(release);
}

function hold(): void {
  held += 1;
  if (held === 1) for (const flag of flags) setFlag(`--no-${flag}`);
}

function release(): void {
  held -= 1;
  if (held === 0) for (const flag of flags) setFlag(`--${flag}`);
}

/** Many commands parse nothing, and need no `node:v8`. */
function setFlag(flag: string): void {
  process.getBuiltinModule('node:v8').setFlagsFromString(flag);
}
