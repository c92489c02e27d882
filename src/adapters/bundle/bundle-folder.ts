import { mkdirSync, readFileSync, statSync, writeFileSync, openSync, writeSync, closeSync } from 'node:fs';
import { join } from 'node:path';
import { fault } from '../../kit/fault.ts';
import { bad, good, type Outcome } from '../../kit/outcome.ts';
import type { Analysis, Migration, Role } from '../../migrate/model.ts';
import type { Bundle, ByteSource, Hashing } from '../../migrate/ports.ts';
import { bundleHash } from '../../migrate/read/bundle.ts';
import { fileSource } from '../files/byte-source.ts';
import { checkBundle } from './check-bundle.ts';

/** What manifest.json of a bundle folder holds. */
export interface Manifest {
  readonly format: 1;
  readonly hash: string;
  readonly layout: Bundle['layout'];
  readonly migrations: readonly Migration[];
  /** By `<id>:<role>`. */
  readonly analyses: Readonly<Record<string, Analysis>>;
}

const roles: readonly Role[] = ['up', 'down', 'verify'];
const piece = 1024 * 1024;

/** Writes a bundle with all analyses and bodies into a folder, for a runner in another process. */
export async function writeBundle(bundle: Bundle, folder: string): Promise<Outcome<void>> {
  mkdirSync(join(folder, 'bodies'), { recursive: true });
  const analyses: Record<string, Analysis> = {};
  for (const migration of bundle.migrations) {
    for (const role of roles) {
      if (migration[role] === undefined) continue;
      const analysis = await bundle.analysis(migration, role);
      if (!analysis.ok) return analysis;
      analyses[`${migration.id}:${role}`] = analysis.value;
      await copyBody(await bundle.body(migration, role), bodyPath(folder, migration, role));
    }
  }
  const manifest: Manifest = {
    format: 1,
    hash: bundle.hash,
    layout: bundle.layout,
    migrations: bundle.migrations,
    analyses,
  };
  writeFileSync(join(folder, 'manifest.json'), JSON.stringify(manifest));
  return good(undefined);
}

/** Reads a bundle folder; hash, checksums and spans are checked before anything is done with it. */
export async function readBundle(folder: string, hashing: Hashing): Promise<Outcome<Bundle>> {
  try {
    return await readChecked(folder, hashing);
  } catch (error) {
    // Cut off, or with parts missing: whatever reading stumbles over.
    const [why = ''] = (error as Error).message.split('\n');
    return bad(fault('bundle-damaged', { why: `It cannot be read: ${why.slice(0, 200)}` }));
  }
}

async function readChecked(folder: string, hashing: Hashing): Promise<Outcome<Bundle>> {
  const manifest = parseManifest(readFileSync(join(folder, 'manifest.json'), 'utf8'));
  if (manifest === undefined) return bad(fault('bundle-damaged', { why: 'Its manifest is no JSON.' }));
  if (manifest.format !== 1) return bad(fault('bundle-damaged', { why: `Its format is ${String(manifest.format)}.` }));
  const body = (migration: Migration, role: Role): Promise<ByteSource> => {
    const path = bodyPath(folder, migration, role);
    return Promise.resolve(fileSource(path, statSync(path).size));
  };
  if (bundleHash(manifest, hashing) !== manifest.hash)
    return bad(fault('bundle-damaged', { why: 'Its hash is not the one of its migrations.' }));
  const wrong = await checkBundle(manifest, body, hashing);
  if (wrong.length > 0) return bad(...wrong);
  return good({
    hash: manifest.hash,
    layout: manifest.layout,
    migrations: manifest.migrations,
    analysis: (migration, role) => {
      const analysis = manifest.analyses[`${migration.id}:${role}`];
      return Promise.resolve(
        analysis === undefined
          ? bad(fault('bundle-damaged', { why: `${migration.id}:${role} is missing.` }))
          : good(analysis),
      );
    },
    body,
  });
}

function parseManifest(text: string): Manifest | undefined {
  try {
    return JSON.parse(text) as Manifest;
  } catch {
    return undefined;
  }
}

function bodyPath(folder: string, migration: Migration, role: Role): string {
  return join(folder, 'bodies', `${migration[role]?.checksum ?? 'none'}.${role}.sql`);
}

async function copyBody(source: ByteSource, path: string): Promise<void> {
  const descriptor = openSync(path, 'w');
  try {
    for (let at = 0; at < source.size; at += piece) writeSync(descriptor, await source.read(at, at + piece));
  } finally {
    closeSync(descriptor);
  }
}
