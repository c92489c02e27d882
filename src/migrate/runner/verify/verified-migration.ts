import type { Analysis, Migration } from '../../contract/model.ts';
import type { Bundle, ByteSource } from '../../contract/ports.ts';
import { namesGodwit } from '../../read/names-godwit.ts';

/** A migration with what verification reads from its files: the user's own checks. */
export interface VerifiedMigration {
  readonly migration: Migration;
  /** Absent if its file has no directives, or can no longer be analysed. */
  readonly up: Analysis | undefined;
  readonly verify?: { readonly analysis: Analysis; readonly body: ByteSource };
}

/** Reads the checks that a migration's files hold. */
export async function withChecks(bundle: Bundle, migration: Migration): Promise<VerifiedMigration> {
  const up = (await isWithDirectives(bundle, migration)) ? await bundle.analysis(migration, 'up') : undefined;
  const verify = migration.verify === undefined ? undefined : await bundle.analysis(migration, 'verify');
  return {
    migration,
    up: up?.ok === true ? up.value : undefined,
    ...(verify === undefined || !verify.ok
      ? {}
      : { verify: { analysis: verify.value, body: await bundle.body(migration, 'verify') } }),
  };
}

async function isWithDirectives(bundle: Bundle, migration: Migration): Promise<boolean> {
  try {
    return await namesGodwit(await bundle.body(migration, 'up'));
  } catch {
    // Its analysis reports why it cannot be read.
    return true;
  }
}
