// The pages that show results, written from bench/documented.json, which holds what was measured last for each scenario,
// and bench/known-misses.json.
import { spawnSync } from 'node:child_process';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

import { amount, limitOf, section, setting, table } from './report.mjs';

const root = fileURLToPath(new URL('../..', import.meta.url));
const documented = join(root, 'bench', 'documented.json');
const pages = { results: join(root, 'bench', 'README.md'), figures: join(root, 'docs', 'performance.md') };

/** What each scenario has measured last, with the setting of each. */
export function lastMeasured() {
  return existsSync(documented) ? JSON.parse(readFileSync(documented, 'utf8')) : { scenarios: {} };
}

/** Keeps the scenarios that did not fail in place of their last results, in the order of all names. */
export function keepDocumented(about, results, names) {
  const { scenarios: before } = lastMeasured();
  const after = { ...before };
  for (const [name, result] of Object.entries(results))
    if (result.failed === undefined) after[name] = { about, ...result };
  const scenarios = Object.fromEntries(names.filter((name) => name in after).map((name) => [name, after[name]]));
  writeFileSync(documented, `${JSON.stringify({ scenarios }, null, 2)}\n`);
}

/** The two pages with everything between their marks as it is now; unchanged while nothing has been measured. */
export function renderPages(measured, misses) {
  if (Object.keys(measured.scenarios).length === 0)
    return Object.fromEntries(Object.values(pages).map((page) => [page, readFileSync(page, 'utf8')]));
  return {
    [pages.results]: between(readFileSync(pages.results, 'utf8'), { results: results(measured) }),
    [pages.figures]: between(readFileSync(pages.figures, 'utf8'), {
      figures: figures(measured),
      misses: missesText(measured, misses),
    }),
  };
}

export function writePages(measured, misses) {
  for (const [page, text] of Object.entries(renderPages(measured, misses))) writeFileSync(page, text);
  const formatter = join(root, 'node_modules', 'oxfmt', 'bin', 'oxfmt');
  spawnSync(process.execPath, [formatter, ...Object.values(pages), documented], { cwd: root, stdio: 'inherit' });
}

/** Replaces what is between `<!-- NAME -->` and `<!-- end of NAME -->`. */
function between(page, parts) {
  let text = page;
  for (const [name, part] of Object.entries(parts)) {
    const [, before, after] =
      new RegExp(`^([^]*<!-- ${name} -->\n)[^]*(\n<!-- end of ${name} -->[^]*)$`).exec(text) ?? [];
    if (before === undefined) throw new Error(`a page has lost its marks of ${name}`);
    text = `${before}\n${part}\n${after}`;
  }
  return text;
}

function results({ scenarios }) {
  const settings = new Set();
  return Object.values(scenarios)
    .map(({ about, ...result }) => {
      const where = setting(about);
      const isNew = !settings.has(where);
      settings.add(where);
      return section(result, isNew ? where : `Measured ${about.date.slice(0, 10)}, as above.`);
    })
    .join('\n\n');
}

/** One table: what the user waits for, in milliseconds. */
function figures({ scenarios }) {
  const all = Object.values(scenarios);
  const lines = all.flatMap(({ summary = [] }) => summary);
  const abouts = new Set(all.filter(({ summary = [] }) => summary.length > 0).map(({ about }) => setting(about)));
  const ms = (value) => (value === undefined || value === null ? '' : `${Math.round(value)} ms`);
  const body = lines.map(({ label, warm, cold, floor, peer, peerName }) => [
    label,
    ms(warm),
    ms(cold),
    ms(floor),
    peerName === undefined ? '' : `${ms(peer)}, ${peerName}`,
  ]);
  return `${table(['', 'godwit, warm', 'godwit, cold', 'floor', 'fastest peer'], body)}\n\n${[...abouts].join('\n\n')}`;
}

function missesText({ scenarios }, misses) {
  const lines = Object.entries(scenarios).flatMap(([scenario, { targets = [] }]) =>
    targets
      .filter(({ ok }) => !ok)
      .map((one) => {
        const known = misses.find((miss) => miss.scenario === scenario && miss.target === one.claim);
        const measured = `${amount(one, one.value)} ${one.unit}, the target is ${limitOf(one)}.`;
        return `- **\`${scenario}\`: ${one.claim}.** ${measured} ${known?.reason ?? 'Not explained yet.'}`;
      }),
  );
  return lines.length === 0 ? 'Every target is met.' : lines.join('\n');
}
