// Loaded into a measured process (`--import`): notes the peak of its resident memory when it ends. The kernel's own
// maximum (`maxRSS`) starts from the parent's size on Linux, so /proc is asked first.
import { readFileSync, writeFileSync } from 'node:fs';
import { isMainThread } from 'node:worker_threads';

const folder = process.env.GODWIT_BENCH_PEAK;
// Children of the measured process are not what is measured.
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
