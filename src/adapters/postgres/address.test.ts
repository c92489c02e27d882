import { readFileSync } from 'node:fs';
import { connect, createServer } from 'node:tls';
import type { AddressInfo } from 'node:net';
import { expect, test } from 'vitest';
import { createCertificateFolder } from '../../../test/support/certificates.ts';
import { tlsOptions, type DatabaseAddress } from './address.ts';

test('U4: the CA that a platform reports authenticates its server, whether it is a root or an intermediate one', async () => {
  using certificates = createCertificateFolder();
  const read = (name: string): string => readFileSync(certificates.path(name), 'utf8');
  certificates.authority('root');
  certificates.authority('foreign');
  certificates.intermediate('regional', 'root');
  certificates.certificate('server', 'regional', '10.77.4.10');
  const server = createServer({ key: read('server.key'), cert: `${read('server.pem')}${read('regional.pem')}` });
  server.on('tlsClientError', () => {});
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  const trusts = (serverCa: string): Promise<string> =>
    new Promise((resolve) => {
      const options = tlsOptions({ tls: 'verify-ca', serverCa } as DatabaseAddress);
      const socket = connect({ port, host: '127.0.0.1', ...options }, () => socket.end(() => resolve('trusted')));
      socket.on('error', (error: NodeJS.ErrnoException) => resolve(error.code ?? ''));
    });
  expect(await trusts(read('root.pem'))).toBe('trusted');
  expect(await trusts(read('regional.pem'))).toBe('trusted');
  expect(await trusts(`${read('foreign.pem')}${read('regional.pem')}`)).toBe('trusted');
  expect(await trusts(read('foreign.pem'))).not.toBe('trusted');
  server.close();
});
