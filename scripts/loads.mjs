// What a command of the built program loads: `node scripts/loads.mjs status [ARGUMENT …]` prints it; `loadsOf` is for
// the benchmark and for test/cli/loads.test.ts.
import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const dist = fileURLToPath(new URL('../dist/', import.meta.url));

// Runs in the process of the command, before it. Names of chunks are names of scripts.
const probe = `data:text/javascript,${encodeURIComponent(`
  import { writeFileSync } from 'node:fs';
  import { createRequire } from 'node:module';
  const vm = createRequire('/')('node:vm');
  const before = new Set(process.moduleLoadList);
  const chunks = [];
  vm.Script = class extends vm.Script {
    constructor(code, options) {
      super(code, options);
      if (options?.filename?.startsWith(${JSON.stringify(dist)})) chunks.push([options.filename, code.length]);
    }
  };
  process.on('exit', () => {
    const builtins = process.moduleLoadList.filter((name) => name.startsWith('NativeModule ') && !before.has(name));
    writeFileSync(process.env.GODWIT_LOADS, JSON.stringify({ chunks, builtins }));
  });
`)}`;
