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
    const { userCPUTime, systemCPUTime, maxRSS } = process.resourceUsage();
    const cpuMs = (userCPUTime + systemCPUTime) / 1_000;
    writeFileSync(`${folder}/peak.json`, JSON.stringify({ peakMiB: (peakKiB() ?? maxRSS) / 1_024, cpuMs }));
  });
}

function peakKiB() {
  try {
    return Number(/^VmHWM:\s+(\d+) kB/m.exec(readFileSync('/proc/self/status', 'utf8'))?.[1]);
  } catch {
    return undefined;
  }
}
