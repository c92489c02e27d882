// Preloaded into a runner (`--require`): which built-in modules it asks for until it connects, and in which order it
// connects, unpacks its bundle, and asks its first question.
const Module = require('node:module');
const { writeFileSync } = require('node:fs');

const modules = new Set();
const order = [];
const record = (what) => (order.includes(what) && what !== 'connect' ? undefined : order.push(what));

const load = Module._load;
const looked = new Set();
Module._load = function (name, ...rest) {
  const loaded = load.call(this, name, ...rest);
  const plain = name.replace(/^node:/, '');
  if (!Module.builtinModules.includes(plain)) return loaded;
  if (!order.includes('connect')) modules.add(plain);
  if (looked.has(plain)) return loaded;
  looked.add(plain);
  if (plain === 'net') lookAt(loaded.Socket.prototype, 'connect', () => record('connect'));
  if (plain === 'net') lookAt(loaded.Socket.prototype, 'write', (bytes) => bytes[0] === 0x51 && record('question'));
  if (plain === 'zlib') lookAt(loaded, 'brotliDecompress', () => record('unpack'));
  return loaded;
};

function lookAt(owner, name, look) {
  const inner = owner[name];
  owner[name] = function (...args) {
    look(...args);
    return inner.apply(this, args);
  };
}

process.on('exit', () =>
  writeFileSync(process.env.GODWIT_TEST_RECORD, JSON.stringify({ modules: [...modules], order })),
);
