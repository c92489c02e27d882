import { smallMigrations } from '../support/migrations.mjs';
import { compareWithPeers } from '../support/up.mjs';

export const title = '`up --tx all` of 200 small migrations on loopback: all in one transaction';

export async function run(workshop) {
  // Without knex: the others apply all in one transaction, as this does, or are faster all the same.
  const peers = workshop.peers.all.filter((name) => name !== 'knex');
  return await compareWithPeers(workshop, {
    peers,
    migrations: smallMigrations(workshop.size(200)),
    flags: ['--tx', 'all'],
    limits: { unverifiedWarm: 1, warm: 1.15, unverifiedCold: 1.25, cold: 1.4 },
    labels: {
      verified: 'the same with `--tx all`: one transaction, as the peer has',
      unverified: 'the same with `--tx all --no-verify`',
    },
  });
}
