// The results for people: a terminal and bench/README.md show the same text.
const cell = (value, digits = 0) => (value === undefined ? '' : value.toFixed(digits));

/** The columns of a table of measurements; one that no row fills is left out. */
const columns = [
  ['median ms', (row) => cell(row.median)],
  ['range', (row) => `${cell(row.min)}-${cell(row.max)}`],
  ['rounds', (row) => String(row.rounds)],
  ['× floor', (row) => cell(row.timesFloor, 2)],
  ['CPU ms', (row) => cell(row.cpuMs)],
  ['CPU × floor', (row) => cell(row.cpuTimesFloor, 2)],
  ['peak MB', (row) => cell(row.peakMB)],
];

/**
 * One scenario as a Markdown section.
 *
 * @param setting where it was measured, if that has to be said here
 */
export function section({ title, failed, notes = [], rows = [], tables = [], targets = [] }, setting) {
  const parts = [`### ${title}`];
  if (setting !== undefined) parts.push(setting);
  if (failed !== undefined) parts.push(`FAILED: ${failed}`);
  parts.push(...notes);
  if (rows.length > 0) parts.push(measurements(rows));
  for (const { head, body } of tables) parts.push(table(head, body));
  if (targets.length > 0) parts.push(table(['target', 'measured', 'limit', ''], targets.map(targetLine)));
  return parts.join('\n\n');
}

function measurements(rows) {
  const shown = columns.filter(([, text]) => rows.some((row) => text(row) !== ''));
  const body = rows.map((row) => [row.name, ...shown.map(([, text]) => text(row))]);
  return table(['', ...shown.map(([head]) => head)], body);
}

function targetLine(one) {
  const remarks = one.best === undefined ? [] : [`best rounds: ${amount(one, one.best)}`];
  if (one.about !== undefined) remarks.push(one.about);
  const measured = `${amount(one, one.value)} ${one.unit}${remarks.length === 0 ? '' : ` (${remarks.join('; ')})`}`;
  return [one.claim, measured, limitOf(one), one.ok ? 'holds' : '**missed**'];
}

/** A value in the unit of a target. */
export function amount({ unit }, value) {
  return cell(value, unit === '×' ? 2 : 0);
}

export function limitOf({ atLeast, limit, unit }) {
  return `${atLeast ? '≥' : '≤'} ${limit} ${unit}`;
}

export function table(head, body) {
  const widths = head.map((_, at) => Math.max(3, ...[head, ...body].map((cells) => cells[at].length)));
  const line = (cells) => `| ${cells.map((text, at) => text.padEnd(widths[at])).join(' | ')} |`;
  return [line(head), line(widths.map((width) => '-'.repeat(width))), ...body.map(line)].join('\n');
}

/** What was measured with what, as one paragraph. */
export function setting({ date, machine, node, postgres, godwit, peers = {} }) {
  const versions = Object.entries(peers).map(([name, version]) => `${name} ${version}`);
  return [
    `Measured ${date.slice(0, 10)}: ${machine}; Node ${node}; PostgreSQL ${postgres} (embedded, default settings);`,
    `godwit ${godwit}${versions.length > 0 ? `; ${versions.join(', ')}` : ''}.`,
  ].join(' ');
}
