import { smallMigrations } from '../support/migrations.mjs';
import { compareWithPeers } from '../support/up.mjs';

export const title = '`up` of 200 small migrations on loopback';

export async function run(workshop) {
  return await compareWithPeers(workshop, {
    migrations: smallMigrations(workshop.size(200)),
    limits: { unverifiedWarm: 1.2, warm: 1.35, unverifiedCold: 1.45, cold: 1.6 },
    labels: { verified: '`up` of 200 small migrations, loopback', unverified: 'the same with `--no-verify`' },
  });
}
