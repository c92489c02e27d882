import { rm } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { memorySource } from '../adapters/files/byte-source.ts';
import { openFolder } from '../adapters/files/folder.ts';
import { nodeHashing } from '../adapters/files/hashing.ts';
import { createParser } from '../adapters/parser/libpg-query.ts';
import { createRehearsals } from '../adapters/rehearsal/throwaway.ts';
import { writeNew } from '../adapters/write-file.ts';
import { fault } from '../kit/fault.ts';
import { err, ok, type Outcome } from '../kit/outcome.ts';
import { emptyHistory } from '../migrate/contract/history.ts';
import { versionIn } from '../migrate/contract/migration-id.ts';
import type { Migration, ScriptFile } from '../migrate/contract/model.ts';
import { inEffect } from '../migrate/plan/in-effect.ts';
import type { Bundle } from '../migrate/contract/ports.ts';
import { createBundle, openScriptsOf } from '../migrate/read/bundle.ts';
import { checksumOf } from '../migrate/read/checksum.ts';
import { canonicalVersion, compareVersions } from '../migrate/read/file-name.ts';
import { refuseSquash } from '../migrate/read/layouts/refusal.ts';
import { readFolder } from '../migrate/read/read-folder.ts';
import type { Rehearsal } from '../migrate/rehearsal/rehearsal.ts';
import { writeSquash, type WriteSquashOptions, type WrittenSquash } from '../migrate/rehearsal/squash/write-squash.ts';
import { decodeUtf8, encodeUtf8 } from '../sql/encoding.ts';
import type { Replaces } from '../sql/replaces.ts';
import { majorOf } from './draft-down-file.ts';
import type { Project } from '../project/open.ts';
import { createRunId } from '../project/run-id.ts';

/** What to squash. */
export interface SquashRequest {
  /** The last version, as typed. */
  readonly version: string;
  /** The name that follows the version in the file name. */
  readonly name: string;
  /** True: the replaced files are removed. */
  readonly remove: boolean;
  readonly major?: number;
  readonly onProgress: (text: string, step: 'download' | 'step' | 'other') => void;
  readonly signal: AbortSignal;
}

/** A written squash. */
export interface SquashedFiles {
  readonly squash: WrittenSquash;
  /** The squashed file, and the file of its checks, if any. */
  readonly written: readonly string[];
  /** The replaced files, companions included. */
  readonly replaced: readonly string[];
  readonly removed: boolean;
  /** How many migrations it replaces. */
  readonly count: number;
  readonly major: number;
}

/** Writes one file in place of all migrations up to a version, once throwaway servers prove that it makes the same. */
export async function squashMigrations(project: Project, request: SquashRequest): Promise<Outcome<SquashedFiles>> {
  const folder = openFolder(project.migrations.path, project.migrations.label);
  const reading = await readFolder(folder, nodeHashing, project);
  if (!reading.ok) return reading;
  const { layout, migrations: all } = reading.value;
  if (layout !== 'native' && layout !== 'supabase')
    return err(refuseSquash(layout, { file: project.migrations.label }));
  // What a new database would get: an earlier squashed file counts in place of what it replaces.
  const { migrations } = inEffect(all, emptyHistory);
  const through = wanted(migrations, request.version);
  if (!through.ok) return through;
  const squashed = migrations.slice(0, migrations.indexOf(through.value) + 1);
  if (squashed.length < 2) return err(fault('squash-nothing', { where: { file: through.value.up.file } }));
  const digits = /^\d+/.exec(basename(through.value.up.file))?.[0] ?? request.version;
  const label = `${project.migrations.label}/${digits}_${request.name}.sql`;
  const taken = all.find(({ up }) => up.file === label);
  if (taken !== undefined) return err(fault('file-exists', { where: { file: label } }));
  const open = openScriptsOf(folder);
  const ports = { parser: createParser(), hashing: nodeHashing };
  const bundle = createBundle({ layout: 'native', set: project.set, migrations: squashed.map(upOnly), open }, ports);
  const major = request.major ?? majorOf(project);
  const stage = createStage(project, request, major);
  const options: WriteSquashOptions = {
    bundle,
    replaces: replacesOf(squashed),
    version: request.version,
    major,
    checks: await checksOf(squashed, open),
    bundleOf: async (text, verify) => await bundleOf(through.value, { label, text, verify }, project.set, ports),
    server: () => stage.server(),
    onStep: (text) => request.onProgress(text, 'step'),
    nextRun: () => createRunId(Date.now()),
    signal: request.signal,
  };
  let written: Outcome<WrittenSquash>;
  try {
    written = await writeSquash(options);
  } finally {
    await stage.close();
  }
  if (request.signal.aborted)
    return err(fault('interrupted', { why: 'Cancelled during the rehearsal; nothing was written.' }));
  if (!written.ok) return written;
  const last = through.value.id;
  const files = all.slice(0, all.findLastIndex(({ id }) => id === last) + 1).flatMap(filesOf);
  return await write(project, request, {
    squash: written.value,
    label,
    replaced: files,
    count: squashed.length,
    major,
  });
}

function wanted(migrations: readonly Migration[], typed: string): Outcome<Migration> {
  const version = canonicalVersion(typed);
  const found = migrations.find(({ id }) => versionIn(id) === version);
  if (found !== undefined) return ok(found);
  const near = nearestVersion(
    version,
    migrations.map(({ id }) => versionIn(id)),
  );
  const why = `There is no version ${typed} in the folder${near === undefined ? '' : `; the nearest is ${near}`}.`;
  return err(fault('unknown-version', { why, fix: 'Give the version of the last migration to squash.' }));
}

/** The last version before the typed one, else the first version of all. */
function nearestVersion(typed: string, versions: readonly string[]): string | undefined {
  return versions.findLast((version) => compareVersions(version, typed) < 0) ?? versions[0];
}

function upOnly({ id, name, up }: Migration): Migration {
  return { id, name, up };
}

function filesOf({ up, down, verify }: Migration): readonly string[] {
  return [up, down, verify].flatMap((script) => (script === undefined ? [] : [script.file]));
}

/** The range from the first to the last version; includes what an earlier squashed file replaces. */
function replacesOf(squashed: readonly Migration[]): Replaces {
  const first = squashed[0];
  const from = first?.replaces?.ranges[0]?.from ?? versionIn(first?.id ?? '');
  return { ranges: [{ from, to: versionIn(squashed.at(-1)?.id ?? '') }], count: squashed.length };
}

async function checksOf(
  squashed: readonly Migration[],
  open: ReturnType<typeof openScriptsOf>,
): Promise<readonly { readonly file: string; readonly text: string }[]> {
  return await Promise.all(
    squashed
      .flatMap(({ verify }) => verify ?? [])
      .map(async (script) => {
        const source = await open(script);
        return { file: script.file, text: decodeUtf8(await source.read(0, source.size)).replace(/^\uFEFF/, '') };
      }),
  );
}

interface Texts {
  readonly label: string;
  readonly text: string;
  readonly verify: string;
}

async function bundleOf(
  { id, name }: Migration,
  { label, text, verify }: Texts,
  set: string,
  ports: Parameters<typeof createBundle>[1],
): Promise<Bundle> {
  const sources = new Map([[label, memorySource(encodeUtf8(text))]]);
  if (verify !== '') sources.set(verifyOf(label), memorySource(encodeUtf8(verify)));
  const scripts = await Promise.all(
    [...sources].map(async ([file, source]): Promise<ScriptFile> => ({
      file,
      checksum: await checksumOf(source, nodeHashing),
      size: source.size,
    })),
  );
  const [up, checks] = scripts;
  if (up === undefined) throw new Error('a squashed file without a script');
  const migration = { id, name, up, ...(checks === undefined ? {} : { verify: checks }) };
  const open = (script: ScriptFile): ReturnType<ReturnType<typeof openScriptsOf>> => {
    const source = sources.get(script.file);
    if (source === undefined) throw new Error(`${script.file} is not one of the squashed files`);
    return Promise.resolve(source);
  };
  return createBundle({ layout: 'native', set, migrations: [migration], open }, ports);
}

function verifyOf(label: string): string {
  return label.replace(/\.sql$/, '.verify.sql');
}

/** Manages the throwaway servers, one at a time. */
function createStage(project: Project, { onProgress, signal }: SquashRequest, major: number) {
  const rehearsals = createRehearsals({ env: project.env, register: (secret) => project.redactor.register(secret) });
  const options = { major, database: 'postgres', user: 'postgres', searchPath: '' };
  let present: Rehearsal | undefined;
  return {
    async server(): Promise<Outcome<Rehearsal>> {
      await present?.close();
      const started = await rehearsals.start(options, { onProgress, signal });
      if (started.ok) present = started.value;
      return started;
    },
    close: async (): Promise<void> => await present?.close(),
  };
}

interface Writing {
  readonly squash: WrittenSquash;
  readonly label: string;
  readonly replaced: readonly string[];
  readonly count: number;
  readonly major: number;
}

/** Writes the new files, and only then removes the old ones. */
async function write(
  project: Project,
  { remove }: SquashRequest,
  { squash, label, ...rest }: Writing,
): Promise<Outcome<SquashedFiles>> {
  const texts = new Map([[label, squash.text]]);
  if (squash.verify !== '') texts.set(verifyOf(label), squash.verify);
  const path = (file: string): string => join(project.migrations.path, basename(file));
  for (const [file, text] of texts) {
    const done = await writeNew(path(file), text, file);
    if (!done.ok) return done;
  }
  if (remove) {
    for (const file of rest.replaced) {
      try {
        await rm(path(file));
      } catch (error) {
        const why = `${file} could not be removed: ${(error as Error).message}. The squashed file is written.`;
        return err(fault('file-unwritable', { why, where: { file } }));
      }
    }
  }
  return ok({ squash, written: [...texts.keys()], removed: remove, ...rest });
}
