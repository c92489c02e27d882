// The results for people (a terminal, bench/README.md) and for programs (bench/results/*.json).
const cell = (value, digits = 0) => (value === undefined ? '' : value.toFixed(digits));

/** One scenario as a Markdown section; a terminal shows the same text. */
export function section({ title, notes = [], rows, targets }) {
  const withMemory = rows.some((row) => row.peakMiB !== undefined);
  const reference = rows.find((row) => row.name === 'floor')?.median;
  const head = ['', 'median ms', 'range', 'rounds'];
  if (reference !== undefined) head.push('× floor');
  if (withMemory) head.push('peak MiB', 'CPU ms');
  const body = rows.map((row) => {
    const cells = [row.name, cell(row.median), `${cell(row.min)}-${cell(row.max)}`, String(row.rounds)];
    if (reference !== undefined) cells.push(cell(row.median / reference, 2));
    if (withMemory) cells.push(cell(row.peakMiB), cell(row.cpuMs));
    return cells;
  });
  const lines = targets.map((one) => {
    const digits = one.unit === '×' ? 2 : 0;
    const value = `${cell(one.value, digits)} ${one.unit}${one.best === undefined ? '' : ` (best rounds: ${cell(one.best, digits)})`}`;
    return [one.claim, value, `${one.atLeast ? '≥' : '≤'} ${one.limit} ${one.unit}`, one.ok ? 'holds' : '**missed**'];
  });
  const parts = [`### ${title}`, ...notes, table(head, body), table(['target', 'measured', 'limit', ''], lines)];
  return parts.join('\n\n');
}

function table(head, body) {
  const widths = head.map((_, at) => Math.max(3, ...[head, ...body].map((cells) => cells[at].length)));
  const line = (cells) => `| ${cells.map((text, at) => text.padEnd(widths[at])).join(' | ')} |`;
  return [line(head), line(widths.map((width) => '-'.repeat(width))), ...body.map(line)].join('\n');
}

/** What was measured with what, as one paragraph. */
export function setting({ date, machine, node, postgres, godwit, peers }) {
  const versions = Object.entries(peers ?? {}).map(([name, version]) => `${name} ${version}`);
  return [
    `Measured ${date.slice(0, 10)}: ${machine}; Node ${node}; PostgreSQL ${postgres} (embedded, default settings);`,
    `godwit ${godwit}${versions.length > 0 ? `; ${versions.join(', ')}` : ''}.`,
  ].join(' ');
}
