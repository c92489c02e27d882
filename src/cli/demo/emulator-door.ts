import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

/** Google Cloud as the demo needs it: what `dist/emulator.js` offers, which is a program of its own and loaded here alone. */
export interface DemoCloud {
  /** Where images go: `127.0.0.1:PORT`. */
  readonly registry: string;
  /** Variables by which a controller finds it. */
  env(): Readonly<Record<string, string>>;
  readonly seed: {
    project(id: string): void;
    secret(project: string, id: string, value: string): number;
    serviceAccount(email: string): void;
    connector(name: string): void;
    /** Returns the full name of the image. */
    baseImage(): string;
  };
  readonly state: { readonly jobs: readonly unknown[]; readonly executions: readonly unknown[] };
  stop(): Promise<void>;
}

/** Where the emulator starts the tasks of jobs. */
export type DemoExecution = { readonly kind: 'process' } | { readonly kind: 'namespace'; readonly path: string };

/** Starts the emulator; undefined when it is not part of this installation. */
export async function startDemoCloud(execution: DemoExecution): Promise<DemoCloud | undefined> {
  const file = besideProgram('emulator.js');
  if (file === undefined) return undefined;
  const door = (await import(file)) as {
    startEmulator(options: { readonly execution: DemoExecution }): Promise<DemoCloud>;
  };
  return await door.startEmulator({ execution });
}

/** A file of `dist`, seen from there or from the sources. */
export function besideProgram(name: string): string | undefined {
  return [`./${name}`, `../../../dist/${name}`]
    .map((place) => fileURLToPath(new URL(place, import.meta.url)))
    .find((place) => existsSync(place));
}
