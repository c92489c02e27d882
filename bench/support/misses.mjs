// The targets that are known to be missed, each with its reason: `--strict` and docs/performance.md both follow
// bench/known-misses.json.
import { readFileSync } from 'node:fs';

import { amount, limitOf } from './report.mjs';

const file = new URL('../known-misses.json', import.meta.url);

/**
 * @typedef {{ scenario: string, target: string, upTo: number, reason: string }} KnownMiss `target` as its table names it;
 *   a value beyond `upTo` is a new miss; `reason` names the measurement that shows why.
 * @returns {readonly KnownMiss[]}
 */
export function knownMisses() {
  const misses = JSON.parse(readFileSync(file, 'utf8'));
  for (const { scenario, target, upTo, reason } of misses)
    if (!scenario || !target || !Number.isFinite(upTo) || !reason)
      throw new Error('bench/known-misses.json: each entry has scenario, target, upTo and reason');
  return misses;
}

/**
 * Compares what was measured with what is known.
 *
 * @returns what to tell; the misses that are not known, as entries that lack their reason; and whether `--strict` accepts
 *   it: every target that was missed is known with its reason
 */
export function judge(scenarios, misses) {
  const lines = [];
  const fresh = [];
  let accepted = true;
  for (const [scenario, { failed, targets = [] }] of Object.entries(scenarios)) {
    if (failed !== undefined) {
      accepted = false;
      lines.push(`failed: ${scenario}`);
      continue;
    }
    for (const one of targets) {
      const known = misses.find((miss) => miss.scenario === scenario && miss.target === one.claim);
      const measured = `${scenario}: ${one.claim}: ${amount(one, one.value)} ${one.unit} (${limitOf(one)})`;
      if (one.ok && known !== undefined) lines.push(`met again, no longer a known miss: ${measured}`);
      if (one.ok) continue;
      const beyond = known !== undefined && (one.atLeast ? one.value < known.upTo : one.value > known.upTo);
      if (known !== undefined && !beyond) {
        lines.push(`missed, as known: ${measured}`);
        continue;
      }
      accepted = false;
      fresh.push({ scenario, target: one.claim, upTo: withMargin(one), reason: '' });
      lines.push(beyond ? `missed by more than is known (${known.upTo}): ${measured}` : `missed: ${measured}`);
    }
    for (const { target } of misses.filter((miss) => miss.scenario === scenario))
      if (!targets.some(({ claim }) => claim === target)) lines.push(`known, but not a target: ${scenario}: ${target}`);
  }
  return { lines, fresh, accepted };
}

/** What further runs may measure without being worse: a tenth beyond this one. */
function withMargin({ atLeast, value, unit }) {
  const limit = value * (atLeast ? 0.9 : 1.1);
  return unit === '×' ? Number(limit.toFixed(2)) : Math.round(limit);
}
