// `up` of godwit as several contestants: with and without verification, with warm and with cold caches.
import { fastestOf, ratioTarget, rowsOf, summaryLine } from './rounds.mjs';
import { freshUp } from './workshop.mjs';

/**
 * @param {readonly string[]} flags of godwit, such as `--tx all`
 * @returns names by what they are, and the contestants by their names
 */
export function upsOf(workshop, { migrations, flags = [], through }) {
  const called = ['godwit', ...flags].join(' ');
  const names = {
    warm: `${called}, warm`,
    cold: `${called}, cold`,
    unverifiedWarm: `${called} --no-verify, warm`,
    unverifiedCold: `${called} --no-verify, cold`,
  };
  const up = (cache, more) => ({
    run: () => freshUp(workshop, 'godwit', { migrations, through, cache, flags: [...flags, ...more] }),
  });
  const contestants = {
    [names.unverifiedWarm]: up('warm', ['--no-verify']),
    [names.unverifiedCold]: up('cold', ['--no-verify']),
    [names.warm]: up('warm', []),
    [names.cold]: up('cold', []),
  };
  async function warmUp() {
    for (let time = 0; time < workshop.warmUps; time += 1)
      for (const name of [names.warm, names.unverifiedWarm]) await contestants[name].run();
  }
  return { names, contestants, warmUp };
}

/** The floor and the other tools as contestants; `atMost` limits the rounds of the tools. */
export function othersOf(workshop, { migrations, through, atMost, peers = workshop.peers.all }) {
  const up = (tool) => () => freshUp(workshop, tool, { migrations, through });
  const contestants = { floor: { run: up('floor') } };
  for (const tool of peers) contestants[tool] = { run: up(tool), ...(atMost === undefined ? {} : { atMost }) };
  return contestants;
}

/** A whole scenario: `up` on loopback against the peers, with a limit for each way that godwit is called. */
export async function compareWithPeers(workshop, { migrations, flags, limits, labels, peers = workshop.peers.all }) {
  const { names, contestants: ours, warmUp } = upsOf(workshop, { migrations, flags });
  const others = othersOf(workshop, { migrations, peers });
  for (const { run } of Object.values(others)) await run();
  await warmUp();
  // A program in Go starts faster than Node: the peers in Node are judged apart, and then all.
  const fields = {
    'fastest Node peer': peers.filter((name) => workshop.peers.node.includes(name)),
    'fastest peer': peers,
  };
  const fastest = (samples) => Object.entries(fields).map(([field, tools]) => [field, fastestOf(samples, tools)]);
  const pairs = (samples) =>
    Object.values(names).flatMap((name) => fastest(samples).map(([, tool]) => [name, tool ?? 'floor']));
  const samples = await workshop.compare([7, 11], { ...others, ...ours }, pairs);
  const peer = fastestOf(samples, peers);
  const targets = Object.entries(limits).flatMap(([what, limit]) =>
    fastest(samples).map(([field, tool]) =>
      ratioTarget(samples, [names[what], tool ?? 'floor'], limit, { claim: `${names[what]} / ${field}`, about: tool }),
    ),
  );
  return {
    rows: rowsOf(samples),
    targets: [...(peer === undefined ? [] : targets), ratioTarget(samples, [names.warm, names.unverifiedWarm], 1.15)],
    summary: [
      summaryLine(labels.verified, samples, { ...names, peer }),
      summaryLine(labels.unverified, samples, { warm: names.unverifiedWarm, cold: names.unverifiedCold, peer }),
    ],
  };
}
