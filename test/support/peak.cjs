// Preloaded into a program (`--require`): writes its peak resident memory in MB to GODWIT_TEST_PEAK when it ends.
const { readFileSync, writeFileSync } = require('node:fs');
const { isMainThread } = require('node:worker_threads');

const file = process.env.GODWIT_TEST_PEAK;
// Its own children are not measured.
delete process.env.GODWIT_TEST_PEAK;
delete process.env.NODE_OPTIONS;
if (isMainThread && file !== undefined)
  process.on('exit', () => writeFileSync(file, String((peakKiB() * 1_024) / 1e6)));

/** On Linux `maxRSS` begins with the size of the parent. */
function peakKiB() {
  try {
    return Number(/^VmHWM:\s+(\d+) kB/m.exec(readFileSync('/proc/self/status', 'utf8'))[1]);
  } catch {
    return process.resourceUsage().maxRSS;
  }
}
