import { join } from 'node:path';
import { defaultMajor } from '../adapters/embedded/versions.ts';
import { memorySource } from '../adapters/files/byte-source.ts';
import { openFolder } from '../adapters/files/folder.ts';
import { nodeHashing } from '../adapters/files/hashing.ts';
import { createParser } from '../adapters/parser/libpg-query.ts';
import { createRehearsals } from '../adapters/rehearsal/throwaway.ts';
import { writeNew } from '../adapters/write-file.ts';
import { fault } from '../kit/fault.ts';
import type { Finding } from '../kit/finding.ts';
import { err, ok, type Outcome } from '../kit/outcome.ts';
import { rehearseDraft, type RehearsedDraft } from '../migrate/rehearsal/draft/rehearse-draft.ts';
import { versionIn } from '../migrate/contract/migration-id.ts';
import { emptyHistory } from '../migrate/contract/history.ts';
import type { Migration, ScriptFile } from '../migrate/contract/model.ts';
import { inEffect } from '../migrate/plan/in-effect.ts';
import type { Bundle, ByteSource } from '../migrate/contract/ports.ts';
import { createBundle, openScriptsOf } from '../migrate/read/bundle.ts';
import { checksumOf } from '../migrate/read/checksum.ts';
import { canonicalVersion } from '../migrate/read/file-name.ts';
import { downFileOf, judgeDownFile } from '../migrate/read/layouts/down-file.ts';
import { readFolder } from '../migrate/read/read-folder.ts';
import { encodeUtf8 } from '../sql/encoding.ts';
import type { Project } from '../project/open.ts';
import { createRunId } from '../project/run-id.ts';

/** The draft to make. */
export interface DraftRequest {
  /** The version of the migration, as typed. */
  readonly version: string;
  /** True: the draft is written to the folder of the migration. */
  readonly write: boolean;
  readonly major?: number;
  readonly onProgress: (text: string, step: 'download' | 'copy' | 'step' | 'other') => void;
  readonly signal: AbortSignal;
}

/** A draft, and its file. */
export interface DraftedFile {
  readonly draft: RehearsedDraft;
  readonly version: string;
  readonly label: string;
  readonly written: boolean;
  readonly major: number;
  /** Warnings about the folder of migrations. */
  readonly findings: readonly Finding[];
}

/** The role that runs the migrations on the throwaway server. */
const owner = 'postgres';

/** Drafts a down file for a migration that has none, and tests it on a throwaway server, without the database. */
export async function draftDownFile(project: Project, request: DraftRequest): Promise<Outcome<DraftedFile>> {
  const folder = openFolder(project.migrations.path, project.migrations.label);
  const reading = await readFolder(folder, nodeHashing, project);
  if (!reading.ok) return reading;
  const { findings } = reading.value;
  const { migrations } = inEffect(reading.value.migrations, emptyHistory);
  const migration = wanted(migrations, request.version);
  if (!migration.ok) return migration;
  const writable = request.write ? judgeDownFile(migration.value.up) : ok(undefined);
  if (!writable.ok) return writable;
  const label = downFileOf(reading.value.layout, migration.value.up);
  const major = request.major ?? majorOf(project);
  const ports = { parser: createParser(), hashing: nodeHashing };
  const open = openScriptsOf(folder);
  const scope = { layout: 'native', set: project.set } as const;
  const bundle = createBundle({ ...scope, migrations: withoutCompanions(migrations), open }, ports);
  const draft = await rehearsed(project, request, {
    bundle,
    major,
    migration: bundle.migrations[migrations.indexOf(migration.value)] ?? migration.value,
    withDown: async (text) => {
      const source = memorySource(encodeUtf8(text));
      const down: ScriptFile = { file: label, checksum: await checksumOf(source, nodeHashing), size: source.size };
      const list = bundle.migrations.map((one) => (one.id === migration.value.id ? { ...one, down } : one));
      const opening = (script: ScriptFile): Promise<ByteSource> =>
        script.file === label ? Promise.resolve(source) : open(script);
      return createBundle({ ...scope, migrations: list, open: opening }, ports);
    },
  });
  if (!draft.ok) return draft;
  if (request.write) {
    const path = join(project.root, label);
    const written = await writeNew(path, draft.value.text, label);
    if (!written.ok) return written;
  }
  return ok({ draft: draft.value, version: migration.value.id, label, written: request.write, major, findings });
}

function wanted(migrations: readonly Migration[], typed: string): Outcome<Migration> {
  const version = canonicalVersion(typed);
  const found = migrations.find(({ id }) => versionIn(id) === version);
  if (found === undefined) {
    const last = migrations.at(-1);
    const count = migrations.length === 1 ? '1 migration' : `${migrations.length} migrations`;
    const why = `There is no version ${typed}; the folder contains ${count}${last === undefined ? '' : `, the last is ${versionIn(last.id)}`}.`;
    return err(fault('unknown-version', { why, fix: 'Give the version of a migration in the folder.' }));
  }
  if (found.down === undefined) return ok(found);
  return err(fault('down-there', { where: { file: found.down.file } }));
}

/** Drops the companions, so that an error in one does not prevent the rehearsal. */
function withoutCompanions(migrations: readonly Migration[]): readonly Migration[] {
  return migrations.map(({ id, name, up }) => ({ id, name, up }));
}

/** The configured major version of the embedded server, else the default one. */
export function majorOf({ environment: { database } }: Project): number {
  return (database.kind === 'embedded' ? database.major : undefined) ?? defaultMajor;
}

interface DraftStage {
  readonly bundle: Bundle;
  readonly migration: Migration;
  readonly major: number;
  readonly withDown: (text: string) => Promise<Bundle>;
}

async function rehearsed(project: Project, request: DraftRequest, stage: DraftStage): Promise<Outcome<RehearsedDraft>> {
  const { onProgress, signal } = request;
  const { major, migration, bundle } = stage;
  const count = bundle.migrations.indexOf(migration) + 1;
  const what = count === 1 ? '1 migration' : `${count} migrations`;
  onProgress(`Rehearsing ${what} on PostgreSQL ${major} …`, 'step');
  const rehearsals = createRehearsals({ env: project.env, register: (secret) => project.redactor.register(secret) });
  const options = { major, database: 'postgres', user: owner, searchPath: '' };
  const started = await rehearsals.start(options, { onProgress, signal });
  if (!started.ok) return started;
  try {
    return await rehearseDraft(started.value, { ...stage, owner, nextRun: () => createRunId(Date.now()), signal });
  } finally {
    await started.value.close();
  }
}
