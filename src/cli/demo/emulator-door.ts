import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import type { DemoCall } from './looked-at.ts';

/** Google Cloud as the demo needs it. `dist/emulator.js`, a separate bundle that only this file loads, provides it. */
export interface DemoCloud {
  /** The address of the image registry: `127.0.0.1:PORT`. */
  readonly registry: string;
  /** The environment variables by which a controller finds the emulator. */
  env(): Readonly<Record<string, string>>;
  readonly seed: {
    project(id: string): void;
    secret(project: string, id: string, value: string): number;
    serviceAccount(email: string): void;
    connector(name: string): void;
    /** A Cloud SQL instance by its connection name, with the addresses that it tells. */
    sqlInstance(name: string, seed: { readonly ipAddresses: readonly DemoAddress[] }): unknown;
    /** Returns the full name of the image. */
    baseImage(): string;
  };
  /** Every call that was answered. */
  readonly calls: readonly DemoCall[];
  readonly state: { readonly jobs: readonly unknown[]; readonly executions: readonly unknown[] };
  stop(): Promise<void>;
}

interface DemoAddress {
  readonly type: 'PRIVATE';
  readonly ipAddress: string;
}

/** Where the emulator starts the tasks of jobs. */
export type DemoExecution = { readonly kind: 'process' } | { readonly kind: 'namespace'; readonly path: string };

/** Starts the emulator; undefined when it is not part of this installation. */
export async function startDemoCloud(execution: DemoExecution): Promise<DemoCloud | undefined> {
  const file = programFile('emulator.js');
  if (file === undefined) return undefined;
  const door = (await import(file)) as {
    startEmulator(options: { readonly execution: DemoExecution }): Promise<DemoCloud>;
  };
  return await door.startEmulator({ execution });
}

/** Finds a file of `dist`, from `dist` itself or from the sources. */
export function programFile(name: string): string | undefined {
  return [`./${name}`, `../../../dist/${name}`]
    .map((place) => fileURLToPath(new URL(place, import.meta.url)))
    .find((place) => existsSync(place));
}
