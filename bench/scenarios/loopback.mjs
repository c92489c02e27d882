import { smallMigrations } from '../support/migrations.mjs';
import { fastestOf, interleave, ratioTarget, row } from '../support/rounds.mjs';
import { freshUp, peers } from '../support/workshop.mjs';

export const title = '`up` of 200 small migrations on loopback';

export async function run(workshop) {
  const migrations = smallMigrations(200);
  const up = (tool, flags) => ({ run: () => freshUp(workshop, tool, { migrations, flags }) });
  const contestants = {
    floor: up('floor'),
    'godwit --no-verify': up('godwit', ['--no-verify']),
    godwit: up('godwit'),
    ...Object.fromEntries(peers.map((tool) => [tool, up(tool)])),
  };
  for (const { run: once } of Object.values(contestants)) await once();
  const times = await interleave(workshop.quick ? 3 : 9, contestants);
  const fastest = fastestOf(times, peers);
  const claim = (tool) => ({ claim: `${tool} / fastest peer (${fastest})` });
  return {
    rows: Object.entries(times).map(([name, list]) => row(name, list)),
    targets: [
      ratioTarget(times, ['godwit --no-verify', fastest], 1, claim('godwit --no-verify')),
      ratioTarget(times, ['godwit', fastest], 1.4, claim('godwit')),
    ],
  };
}
