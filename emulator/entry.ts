import { pathToFileURL } from 'node:url';
import { runEmulator } from './main.ts';

export { startEmulator } from './start.ts';
export type { Emulator, EmulatorOptions } from './start.ts';

// The same file is a module for the demo and a program of its own.
if (process.argv[1] !== undefined && import.meta.url === pathToFileURL(process.argv[1]).href)
  await runEmulator(process.argv.slice(2));
