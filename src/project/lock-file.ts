import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { writeWhole } from '../adapters/write-file.ts';
import { fault } from '../kit/fault.ts';
import { err, ok, type Outcome } from '../kit/outcome.ts';

/** Identifies the database of an environment: its random id, the identifier of its server's data, its OID there. */
export interface Pin {
  readonly id: string;
  readonly systemId: string;
  readonly databaseOid?: string;
}

/** Name of the file; it belongs under version control. */
const lockFileName = 'godwit.lock.json';

/** The pinned environments by name; none when there is no file. */
export function readLock(root: string): Outcome<ReadonlyMap<string, Pin>> {
  let text: string;
  try {
    text = readFileSync(join(root, lockFileName), 'utf8');
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'ENOENT' ? ok(new Map()) : damaged((error as Error).message);
  }
  try {
    return pinsOf(JSON.parse(text));
  } catch (error) {
    return damaged((error as Error).message);
  }
}

/** Pins an environment, keeping the others. An environment that is already pinned stays unchanged. */
export async function pinEnvironment(root: string, name: string, pin: Pin): Promise<Outcome<void>> {
  const pins = readLock(root);
  if (!pins.ok) return pins;
  if (pins.value.has(name)) return ok(undefined);
  return await writePins(root, [...pins.value, [name, pin]]);
}

/**
 * Pins an environment to its present database, whatever it was pinned to.
 *
 * @param former the former environment of the database, if it no longer exists: its entry for this database is removed
 */
export async function repinEnvironment(
  root: string,
  name: string,
  { pin, former }: { readonly pin: Pin; readonly former?: string },
): Promise<Outcome<void>> {
  const pins = readLock(root);
  if (!pins.ok) return pins;
  const isStale = (key: string, { systemId, databaseOid }: Pin): boolean =>
    key === former && systemId === pin.systemId && databaseOid === pin.databaseOid;
  const others = [...pins.value].filter(([key, other]) => key !== name && !isStale(key, other));
  return await writePins(root, [...others, [name, pin]]);
}

/** Removes the pin of an environment: the next run pins the database that it finds. */
export async function unpinEnvironment(root: string, name: string): Promise<Outcome<void>> {
  const pins = readLock(root);
  if (!pins.ok) return pins;
  if (!pins.value.has(name)) return ok(undefined);
  return await writePins(
    root,
    [...pins.value].filter(([key]) => key !== name),
  );
}

async function writePins(root: string, pins: readonly (readonly [string, Pin])[]): Promise<Outcome<void>> {
  const environments = Object.fromEntries(
    [...pins]
      .sort(([a], [b]) => (a < b ? -1 : 1))
      .map(([key, { id, systemId, databaseOid }]) => [key, { id, systemIdentifier: systemId, databaseOid }]),
  );
  return await writeWhole(join(root, lockFileName), `${JSON.stringify({ version: 1, environments }, null, 2)}\n`);
}

function pinsOf(value: unknown): Outcome<ReadonlyMap<string, Pin>> {
  const environments = (value as { readonly environments?: unknown } | null)?.environments;
  if (typeof environments !== 'object' || environments === null) return damaged('The key `environments` is missing.');
  const pins = new Map<string, Pin>();
  for (const [name, entry] of Object.entries(environments as Readonly<Record<string, unknown>>)) {
    const { id, systemIdentifier, databaseOid } = (entry ?? {}) as Readonly<Record<string, unknown>>;
    const numbered = databaseOid === undefined || typeof databaseOid === 'string';
    if (typeof id !== 'string' || typeof systemIdentifier !== 'string' || !numbered)
      return damaged(`The entry \`${name}\` is incomplete.`);
    pins.set(name, { id, systemId: systemIdentifier, ...(databaseOid === undefined ? {} : { databaseOid }) });
  }
  return ok(pins);
}

function damaged(why: string): Outcome<never> {
  return err(fault('lock-file-invalid', { why, where: { file: lockFileName } }));
}
