// For scripts/loads.mjs: in the process of a command, before it. A chunk of the program is a script of its name.
const { writeFileSync } = require('node:fs');
const vm = require('node:vm');

const before = new Set(process.moduleLoadList);
const chunks = [];
vm.Script = class extends vm.Script {
  constructor(code, options) {
    super(code, options);
    chunks.push([options.filename, code.length]);
  }
};
process.on('exit', () => {
  const builtins = process.moduleLoadList.filter((name) => name.startsWith('NativeModule ') && !before.has(name));
  writeFileSync(process.env.GODWIT_LOADS, JSON.stringify({ chunks, builtins }));
});
