import { existsSync, realpathSync } from 'node:fs';
import { pathToFileURL } from 'node:url';
import { runEmulator } from './main.ts';

export { startEmulator } from './start.ts';
export type { Emulator, EmulatorOptions } from './start.ts';

// The same file is a module for the demo and a program, which may be called through a link.
const called = process.argv[1];
if (called !== undefined && existsSync(called) && import.meta.url === pathToFileURL(realpathSync(called)).href)
  await runEmulator(process.argv.slice(2));
