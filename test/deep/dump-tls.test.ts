import { execFileSync } from 'node:child_process';
import { chownSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { serverAccount } from '../../src/adapters/embedded/account.ts';
import { createDumper } from '../../src/adapters/checkpoint/dump.ts';
import type { DatabaseAddress } from '../../src/adapters/postgres/address.ts';
import { settleFiles } from '../../src/adapters/url/certificate-files.ts';
import { startRawServer } from '../support/raw-server.ts';
import { missing } from '../support/tools.ts';

describe.skipIf(missing('pg_dump', 'openssl'))('pg_dump over TLS', () => {
  test('checks the server by the same authorities as the run does, by file or as text', async () => {
    const folder = mkdtempSync(join(tmpdir(), `godwit-test-${process.pid}-dump-tls-`));
    const path = (name: string): string => join(folder, name);
    const account = serverAccount();
    chownSync(folder, account.uid, account.gid);
    for (const name of ['server', 'foreign']) {
      const key = [
        '-newkey',
        'ec',
        '-pkeyopt',
        'ec_paramgen_curve:prime256v1',
        '-nodes',
        '-keyout',
        path(`${name}.key`),
      ];
      const subject = ['-subj', `/CN=${name}`, '-addext', 'subjectAltName=IP:127.0.0.1', '-days', '30'];
      execFileSync('openssl', ['req', '-x509', ...key, ...subject, '-out', path(`${name}.pem`)], { stdio: 'pipe' });
      chownSync(path(`${name}.key`), account.uid, account.gid);
      chownSync(path(`${name}.pem`), account.uid, account.gid);
    }
    await using server = await startRawServer({
      settings: { ssl: 'on', ssl_cert_file: path('server.pem'), ssl_key_file: path('server.key') },
    });
    const { port } = new URL(server.networkUrl('postgres'));
    const base = { host: '127.0.0.1', port: Number(port), database: 'postgres', user: 'postgres' };
    let run = 0;
    const outcome = async (address: Pick<DatabaseAddress, 'tls' | 'rootCertificate' | 'serverCa'>): Promise<string> => {
      const settled = settleFiles({ ...base, ...address }, { label: 'The test' });
      if (!settled.ok) throw new Error(settled.findings[0]?.why);
      const dumper = createDumper({
        address: settled.value,
        folder: path('checkpoints'),
        environment: 'dev',
        env: process.env,
        redact: (text) => text,
      });
      const taken = await dumper.take({
        run: `RUN${(run += 1)}`,
        before: '',
        server: 'PostgreSQL 15.1',
        onProgress: () => {},
      });
      return taken.ok ? taken.value.means : (taken.findings[0]?.why ?? '');
    };
    const text = (name: string): string => readFileSync(path(`${name}.pem`), 'utf8');
    expect(await outcome({ tls: 'verify-full', rootCertificate: path('server.pem') })).toBe('dump');
    expect(await outcome({ tls: 'verify-ca', serverCa: text('server') })).toBe('dump');
    expect(await outcome({ tls: 'require' })).toBe('dump');
    const refused = 'certificate verify failed';
    expect(await outcome({ tls: 'verify-full', rootCertificate: path('foreign.pem') })).toContain(refused);
    expect(await outcome({ tls: 'verify-ca', serverCa: text('foreign') })).toContain(refused);
    // The public authorities, as Node knows them.
    expect(await outcome({ tls: 'verify-full' })).toContain(refused);
    rmSync(folder, { recursive: true, force: true });
  }, 600_000);
});
