import { encodeUtf8 } from '../../sql/encoding.ts';
import { fault, FaultError } from '../../kit/fault.ts';
import { err, ok, type Outcome } from '../../kit/outcome.ts';
import type { Analysis, Migration, Role, ScriptFile } from '../contract/model.ts';
import type { Bundle, ByteSource, Folder, Hashing } from '../contract/ports.ts';
import type { Rehearsed } from '../contract/rehearsed.ts';
import { defaultSet } from '../contract/migration-id.ts';
import type { AnalysisPorts } from './analyse.ts';
import { analysisInputs } from './analysis-inputs.ts';
import { openBody, sectionOf } from './checksum.ts';

/** Version of the bundle's format: part of its hash. */
const bundleFormat = 1;

/** What a bundle is made of. */
export interface BundleOptions {
  readonly layout: Bundle['layout'];
  /** Default: `app`. */
  readonly set?: string;
  readonly migrations: readonly Migration[];
  /** Opens a script's file, BOM included, or its section. */
  open(script: ScriptFile): Promise<ByteSource>;
}

/**
 * The bundle in this process: everything is read on demand, and each script is analysed once.
 * @example const bundle = createBundle({ layout: 'native', migrations, open: openScriptsOf(folder) }, { parser, hashing
 * })
 */
export function createBundle(options: BundleOptions, ports: AnalysisPorts): Bundle {
  const analyses = new Map<string, Promise<Outcome<Analysis>>>();
  return {
    hash: bundleHash(options, ports.hashing),
    layout: options.layout,
    set: options.set ?? defaultSet,
    migrations: options.migrations,
    analysis(migration, role) {
      const script = scriptOf(migration, role);
      const key = `${script.file} ${script.section?.start ?? ''}`;
      const known = analyses.get(key);
      if (known !== undefined) return known;
      const made = analyseFile(options, script, ports);
      analyses.set(key, made);
      return made;
    },
    async body(migration, role) {
      const { source } = await openBody(await options.open(scriptOf(migration, role)));
      return source;
    },
  };
}

/** Opens scripts by the names that `readFolder` or `readBareFile` gave them; of a section its own bytes. */
export function openScriptsOf(folder: Folder): BundleOptions['open'] {
  const prefix = folder.label === '' ? '' : `${folder.label}/`;
  return async ({ file, section }) => {
    const source = await folder.open(file.startsWith(prefix) ? file.slice(prefix.length) : file);
    return section === undefined ? source : sectionOf((await openBody(source)).source, section);
  };
}

/** A file that vanished since the folder was read was removed by the user; it is not a bug. */
async function analyseFile(
  options: BundleOptions,
  script: ScriptFile,
  ports: AnalysisPorts,
): Promise<Outcome<Analysis>> {
  const where = { file: script.file };
  try {
    const file = await options.open(script);
    return await analyseOnce(script, file, ports);
  } catch (error) {
    if (error instanceof FaultError) return err(...error.findings.map((finding) => ({ ...finding, where })));
    if (!isOfTheSystem(error)) throw error;
    return err(fault('file-unreadable', { why: `${script.file} cannot be read: ${error.message}`, where }));
  }
}

/** Only successes are kept: what is wrong with a file is found again each time, until it is corrected. */
async function analyseOnce(
  script: ScriptFile,
  file: ByteSource,
  { kept, ...ports }: AnalysisPorts,
): Promise<Outcome<Analysis>> {
  await file.read(0, 1);
  const inputs = kept === undefined ? undefined : await analysisInputs(script, file, ports.hashing);
  const known = inputs === undefined ? undefined : kept?.find(inputs);
  if (known !== undefined) return ok(known);
  // Loaded on demand: without anything to analyse, the start is faster.
  const { analyse } = await import('./analyse.ts');
  const made = await analyse(script, file, ports);
  if (made.ok && inputs !== undefined) kept?.keep(inputs, made.value);
  return made;
}

/** Errors of the operating system have a code, such as ENOENT; bugs do not. */
function isOfTheSystem(error: unknown): error is Error {
  return error instanceof Error && 'code' in error;
}

function scriptOf(migration: Migration, role: Role): ScriptFile {
  const script = migration[role];
  if (script === undefined) throw new Error(`migration ${migration.id} has no ${role} script`);
  return script;
}

/** The bundle with the result of a rehearsal of its migrations. */
export function withRehearsed(bundle: Bundle, rehearsed: Rehearsed, hashing: Hashing): Bundle {
  return { ...bundle, rehearsed, hash: bundleHash({ ...bundle, rehearsed }, hashing) };
}

type HashedOptions = Pick<Bundle, 'layout' | 'migrations' | 'rehearsed'> & { readonly set?: string };

/**
 * SHA-256 over format version, layout, set, ids, names and checksums, companions included, and rehearsed definitions if
 * there are any.
 */
export function bundleHash(options: HashedOptions, hashing: Hashing): string {
  const content = {
    format: bundleFormat,
    layout: options.layout,
    set: options.set ?? defaultSet,
    migrations: options.migrations.map(({ id, name, up, down, verify, recorded }) => [
      id,
      name,
      up.checksum,
      down?.checksum ?? '',
      verify?.checksum ?? '',
      ...(recorded === true ? ['recorded'] : []),
    ]),
    ...(options.rehearsed === undefined ? {} : { rehearsed: options.rehearsed }),
  };
  return hashing
    .sha256()
    .update(encodeUtf8(JSON.stringify(content)))
    .hex();
}
