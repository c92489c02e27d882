// Preloaded into a run of godwit: records every message of the simple protocol that its first connection sends.
import { writeFileSync } from 'node:fs';
import { Socket } from 'node:net';

const messages = [];
let first;

intercept('connect', (socket) => {
  first ??= socket;
});
intercept('write', (socket, chunk) => {
  if (socket !== first || !Buffer.isBuffer(chunk)) return;
  // 'Q', the length, the text, a closing zero.
  for (let at = 0; at + 5 <= chunk.length && chunk[at] === 0x51; at += 1 + chunk.readInt32BE(at + 1))
    messages.push(chunk.toString('utf8', at + 5, at + chunk.readInt32BE(at + 1)));
});
process.on('exit', () => writeFileSync(process.env.GODWIT_BENCH_MESSAGES, JSON.stringify(messages)));

function intercept(name, look) {
  const inner = Reflect.get(Socket.prototype, name);
  Socket.prototype[name] = function (...args) {
    look(this, ...args);
    return Reflect.apply(inner, this, args);
  };
}
