import type { Analysis, Migration } from '../model.ts';
import type { Bundle, ByteSource } from '../ports.ts';

/** A migration with what verification reads of its files: the user's own checks. */
export interface VerifiedMigration {
  readonly migration: Migration;
  /** Absent when its file cannot be analysed any more. */
  readonly up: Analysis | undefined;
  readonly verify?: { readonly analysis: Analysis; readonly body: ByteSource };
}

/** Reads the checks that a migration's files hold. */
export async function withChecks(bundle: Bundle, migration: Migration): Promise<VerifiedMigration> {
  const up = await bundle.analysis(migration, 'up');
  const verify = migration.verify === undefined ? undefined : await bundle.analysis(migration, 'verify');
  return {
    migration,
    up: up.ok ? up.value : undefined,
    ...(verify === undefined || !verify.ok
      ? {}
      : { verify: { analysis: verify.value, body: await bundle.body(migration, 'verify') } }),
  };
}
