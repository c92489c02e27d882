import { fileURLToPath } from 'node:url';

/** For esbuild: the arithmetic of `pg`'s logins is done by node:crypto, without WebCrypto, which takes 20 ms to load. */
export const pgLogin = {
  name: 'pg-login',
  setup({ onResolve }) {
    const path = fileURLToPath(new URL('../src/adapters/postgres/login-crypto.ts', import.meta.url));
    onResolve({ filter: /^\.\/(crypto\/)?utils$/ }, ({ importer, path: asked }) =>
      /[/\\]pg[/\\]lib[/\\](crypto[/\\]sasl|client)\.js$/.test(importer) &&
      (asked === './crypto/utils' || importer.endsWith('sasl.js'))
        ? { path }
        : undefined,
    );
  },
};
