// Loaded into a measured process (`--import`): records its peak resident memory when it ends. On Linux the kernel's own
// maximum (`maxRSS`) starts from the parent's size, so /proc is read first.
import { readFileSync, writeFileSync } from 'node:fs';
import { isMainThread } from 'node:worker_threads';

const folder = process.env.GODWIT_BENCH_PEAK;
// Children of the measured process are not measured.
delete process.env.GODWIT_BENCH_PEAK;
delete process.env.NODE_OPTIONS;
if (isMainThread && folder !== undefined) {
  process.on('exit', () => {
    const kiB = peakKiB() ?? process.resourceUsage().maxRSS;
    writeFileSync(`${folder}/peak.json`, JSON.stringify({ peakMB: (kiB * 1_024) / 1_000_000 }));
  });
}

function peakKiB() {
  try {
    return Number(/^VmHWM:\s+(\d+) kB/m.exec(readFileSync('/proc/self/status', 'utf8'))?.[1]);
  } catch {
    return undefined;
  }
}
