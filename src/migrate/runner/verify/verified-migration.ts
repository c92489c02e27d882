import type { Analysis, Expectation, Migration } from '../../contract/model.ts';
import type { Bundle, ByteSource } from '../../contract/ports.ts';
import { namesGodwit } from '../../read/names-godwit.ts';

/** A migration with what verification reads from its files: the user's own checks. */
export interface VerifiedMigration {
  readonly migration: Migration;
  /** `expect` directives of both files. None are known of a file that can no longer be analysed. */
  readonly expectations: readonly Expectation[];
  /** True: its checks were made before it was recorded. */
  readonly inside: boolean;
  readonly verify?: { readonly analysis: Analysis; readonly body: ByteSource };
}

/** Reads the checks that a migration's files hold. */
export async function withChecks(bundle: Bundle, migration: Migration): Promise<VerifiedMigration> {
  const up = (await isWithDirectives(bundle, migration)) ? await bundle.analysis(migration, 'up') : undefined;
  const verify = migration.verify === undefined ? undefined : await bundle.analysis(migration, 'verify');
  return {
    migration,
    inside: up?.ok === true && up.value.directives.verifyInside !== undefined,
    expectations: [up, verify].flatMap((one) => (one?.ok === true ? one.value.directives.expect : [])),
    ...(verify === undefined || !verify.ok
      ? {}
      : { verify: { analysis: verify.value, body: await bundle.body(migration, 'verify') } }),
  };
}

/** So many files are looked through at the same time. */
const atOnce = 64;

/** Those of the migrations whose files hold checks of the user: few of thousands. */
export async function withOwnChecks(
  bundle: Bundle,
  migrations: readonly Migration[],
): Promise<readonly VerifiedMigration[]> {
  const found: VerifiedMigration[] = [];
  for (let from = 0; from < migrations.length; from += atOnce) {
    const batch = migrations.slice(from, from + atOnce);
    for (const one of await Promise.all(batch.map((migration) => withChecks(bundle, migration))))
      if (one.expectations.length > 0 || one.verify !== undefined) found.push(one);
  }
  return found;
}

async function isWithDirectives(bundle: Bundle, migration: Migration): Promise<boolean> {
  try {
    return await namesGodwit(await bundle.body(migration, 'up'));
  } catch {
    // Its analysis reports why it cannot be read.
    return true;
  }
}
