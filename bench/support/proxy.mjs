// A TCP proxy in its own process that delays every byte by the same time in both directions: a delay line, so that what
// is sent without waiting also arrives without waiting. `node proxy.mjs <port of the server> <ms each way>`
import { connect, createServer } from 'node:net';

const [targetPort, delayMs] = process.argv.slice(2).map(Number);

const server = createServer({ noDelay: true }, (near) => {
  const far = connect({ port: targetPort, host: '127.0.0.1', noDelay: true });
  delayed(near, far);
  delayed(far, near);
});
server.listen(0, '127.0.0.1', () => process.send?.(server.address().port));
process.once('disconnect', () => process.exit(0));

function delayed(from, to) {
  const line = [];
  let waiting = false;
  const push = (deliver) => {
    line.push({ at: performance.now() + delayMs, deliver });
    if (!waiting) wait();
  };
  const wait = () => {
    waiting = true;
    // Timers fire up to a millisecond late, so less than half a millisecond counts as due.
    setTimeout(flush, Math.max(0, Math.floor(line[0].at - performance.now())));
  };
  const flush = () => {
    waiting = false;
    while (line.length > 0 && line[0].at <= performance.now() + 0.5) line.shift().deliver();
    if (line.length > 0) wait();
  };
  from.on('data', (bytes) => push(() => to.writable && to.write(bytes)));
  from.on('end', () => push(() => to.end()));
  from.on('error', () => to.destroy());
  from.on('close', () => push(() => to.destroy()));
}
