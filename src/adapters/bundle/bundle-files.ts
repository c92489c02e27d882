import { type Manifest } from './manifest.ts';
import { fault } from '../../kit/fault.ts';
import { err, ok, type Outcome } from '../../kit/outcome.ts';
import type { Analysis, Migration, Role } from '../../migrate/contract/model.ts';
import type { Bundle, ByteSource, Hashing } from '../../migrate/contract/ports.ts';
import { bundleHash } from '../../migrate/read/bundle.ts';
import { nothing, nothingAnalysed } from '../../migrate/read/nothing.ts';
import { memorySource } from '../files/byte-source.ts';
import { analysisKey } from './analysis-key.ts';
import { checkBundle } from './check-bundle.ts';

/** One file of a bundle that travels. Its form is the same in a folder, an archive and an image layer. */
export interface BundleFile {
  /** A relative path with `/`: `manifest.json`, `bodies/<checksum>.<role>.sql`. */
  readonly name: string;
  readonly source: ByteSource;
}

/** Opens a file of a bundle by its name. Throws, or rejects, when the file does not exist. */
export type OpenFile = (name: string) => ByteSource | Promise<ByteSource>;

const manifestName = 'manifest.json';
const roles: readonly Role[] = ['up', 'down', 'verify'];

/** The files of a bundle with all analyses and bodies, manifest first. The same bundle gives the same bytes. */
export async function bundleFiles(bundle: Bundle): Promise<Outcome<readonly BundleFile[]>> {
  const bodies = new Map<string, BundleFile>();
  const analyses: Record<string, Analysis> = {};
  for (const migration of bundle.migrations) {
    for (const role of roles) {
      if (migration[role] === undefined || isWithout(migration, role)) continue;
      const analysis = await bundle.analysis(migration, role);
      if (!analysis.ok) return analysis;
      analyses[analysisKey(migration, role)] = analysis.value;
      const name = bodyName(migration, role);
      bodies.set(name, { name, source: await bundle.body(migration, role) });
    }
  }
  const { hash, layout, set, migrations, rehearsed } = bundle;
  const reported = rehearsed === undefined ? {} : { rehearsed };
  const manifest: Manifest = { format: 1, hash, layout, set, migrations, analyses, ...reported };
  const text = memorySource(Buffer.from(JSON.stringify(manifest)));
  return ok([{ name: manifestName, source: text }, ...bodies.values()]);
}

/** Builds a bundle from files that arrived. Hash, checksums and spans are checked before the bundle is used. */
export async function bundleOf(open: OpenFile, hashing: Hashing): Promise<Outcome<Bundle>> {
  try {
    return await checked(open, hashing);
  } catch (error) {
    // The bundle is cut off or lacks parts: report the first line of whatever error reading hits.
    const [why = ''] = (error as Error).message.split('\n');
    return err(fault('bundle-damaged', { why: `The bundle cannot be read: ${why.slice(0, 200)}` }));
  }
}

async function checked(open: OpenFile, hashing: Hashing): Promise<Outcome<Bundle>> {
  const text = await open(manifestName);
  const manifest = parseManifest(Buffer.from(await text.read(0, text.size)).toString('utf8'));
  if (manifest === undefined) return err(fault('bundle-damaged', { why: 'The manifest is not JSON.' }));
  if (manifest.format !== 1)
    return err(fault('bundle-damaged', { why: `Godwit does not support format ${String(manifest.format)}.` }));
  const body = async (migration: Migration, role: Role): Promise<ByteSource> => await open(bodyName(migration, role));
  if (bundleHash(manifest, hashing) !== manifest.hash)
    return err(fault('bundle-damaged', { why: 'The bundle’s hash does not match its migrations.' }));
  const wrong = await checkBundle(manifest, body, hashing);
  if (wrong.length > 0) return err(...wrong);
  return ok({
    hash: manifest.hash,
    layout: manifest.layout,
    set: manifest.set,
    migrations: manifest.migrations,
    ...(manifest.rehearsed === undefined ? {} : { rehearsed: manifest.rehearsed }),
    analysis: (migration, role) => {
      if (isWithout(migration, role)) return Promise.resolve(ok(nothingAnalysed));
      const analysis = manifest.analyses[analysisKey(migration, role)];
      return Promise.resolve(
        analysis === undefined
          ? err(fault('bundle-damaged', { why: `${migration.id}:${role} is missing.` }))
          : ok(analysis),
      );
    },
    body: async (migration, role) => (isWithout(migration, role) ? nothing : await body(migration, role)),
  });
}

/** True for the file of a migration of which only the down text is known. */
function isWithout({ recorded }: Migration, role: Role): boolean {
  return recorded === true && role === 'up';
}

function parseManifest(text: string): Manifest | undefined {
  try {
    return JSON.parse(text) as Manifest;
  } catch {
    return undefined;
  }
}

function bodyName(migration: Migration, role: Role): string {
  return `bodies/${migration[role]?.checksum ?? 'none'}.${role}.sql`;
}
