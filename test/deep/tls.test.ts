import { execFileSync } from 'node:child_process';
import { chmodSync, chownSync, copyFileSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { serverAccount } from '../../src/adapters/embedded/account.ts';
import { createProject } from '../support/project.ts';
import { startRawServer, type RawServer } from '../support/raw-server.ts';
import { missing } from '../support/tools.ts';

/** A folder with certificates: two authorities, and what the first one has signed. */
interface Certificates extends Disposable {
  path(name: string): string;
  /** Signs a certificate for a host. `days` below zero: it has expired. */
  sign(name: string, authority: string, host: string, days: number): void;
}

function makeCertificates(): Certificates {
  const folder = mkdtempSync(join(tmpdir(), `godwit-test-${process.pid}-tls-`));
  chmodSync(folder, 0o755);
  const path = (name: string): string => join(folder, name);
  const openssl = (...args: readonly string[]): void => void execFileSync('openssl', args, { stdio: 'pipe' });
  const key = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes'];
  for (const authority of ['ours', 'foreign']) {
    const files = ['-keyout', path(`${authority}.key`), '-out', path(`${authority}.pem`)];
    openssl('req', '-x509', ...key, ...files, '-days', '30', '-subj', `/CN=${authority}`);
  }
  return {
    path,
    sign(name, authority, host, days) {
      const request = path(`${name}.csr`);
      openssl('req', ...key, '-keyout', path(`${name}.key`), '-out', request, '-subj', `/CN=${host}`);
      const extensions = path(`${name}.ext`);
      writeFileSync(extensions, `subjectAltName=${/^[\d.]+$/.test(host) ? 'IP' : 'DNS'}:${host}\n`);
      const [from, to] = days > 0 ? [-1, days] : [days - 30, days];
      const at = (day: number): string =>
        `${new Date(Date.now() + day * 86_400_000).toISOString().replaceAll(/[-:T]/g, '').slice(0, 14)}Z`;
      const index = path(`${name}.index`);
      writeFileSync(index, '');
      writeFileSync(path(`${name}.serial`), '01');
      const configuration = path(`${name}.cnf`);
      writeFileSync(
        configuration,
        `[ca]\ndefault_ca=one\n[one]\ndatabase=${index}\nserial=${path(`${name}.serial`)}\nnew_certs_dir=${folder}\ndefault_md=sha256\npolicy=any\n[any]\ncommonName=supplied\n`,
      );
      const signing = ['-cert', path(`${authority}.pem`), '-keyfile', path(`${authority}.key`)];
      const dates = ['-startdate', at(from), '-enddate', at(to)];
      const result = ['-in', request, '-out', path(`${name}.pem`), '-extfile', extensions];
      openssl('ca', '-batch', '-notext', '-config', configuration, ...signing, ...dates, ...result);
    },
    [Symbol.dispose]: () => rmSync(folder, { recursive: true, force: true }),
  };
}

/** Lets the server show this certificate from the next connection on. */
async function show(server: RawServer, certificates: Certificates, name: string): Promise<void> {
  const account = serverAccount();
  for (const kind of ['key', 'pem']) {
    const target = join(server.data, `server.${kind}`);
    copyFileSync(certificates.path(`${name}.${kind}`), target);
    chmodSync(target, 0o600);
    chownSync(target, account.uid, account.gid);
  }
  await server.query('select pg_reload_conf()');
}

describe.skipIf(missing('openssl'))('a server with TLS', () => {
  test('is believed only when its certificate is what the URL asks for (`tls-refused`)', async () => {
    using certificates = makeCertificates();
    certificates.sign('good', 'ours', '127.0.0.1', 30);
    certificates.sign('elsewhere', 'ours', 'db.example.org', 30);
    certificates.sign('old', 'ours', '127.0.0.1', -2);
    const settings = { ssl_cert_file: 'server.pem', ssl_key_file: 'server.key' };
    await using server = await startRawServer({ settings });
    await show(server, certificates, 'good');
    await server.query('alter system set ssl to on');
    await server.query('select pg_reload_conf()');
    using project = createProject({ 'migrations/1_t.sql': 'create table t (n int);' });
    const ended = async (shown: string, mode: string, authority?: string): Promise<unknown> => {
      await show(server, certificates, shown);
      const url = new URL(server.networkUrl('postgres'));
      url.searchParams.set('sslmode', mode);
      if (authority !== undefined) url.searchParams.set('sslrootcert', certificates.path(`${authority}.pem`));
      const { exitCode, err } = await project.runWith({ DATABASE_URL: url.href }, 'status');
      return [exitCode, /\[([a-z-]+)\]/.exec(err)?.[1] ?? ''];
    };
    const fine = [0, ''];
    const refused = [30, 'tls-refused'];
    expect({
      'right in all respects': await ended('good', 'verify-full', 'ours'),
      'signed by nobody we know': await ended('good', 'verify-full'),
      'signed by another authority': await ended('good', 'verify-full', 'foreign'),
      'another authority, host not asked for': await ended('good', 'verify-ca', 'foreign'),
      'for another host': await ended('elsewhere', 'verify-full', 'ours'),
      'for another host, host not asked for': await ended('elsewhere', 'verify-ca', 'ours'),
      expired: await ended('old', 'verify-full', 'ours'),
      'expired, host not asked for': await ended('old', 'verify-ca', 'ours'),
      'encrypted only': await ended('old', 'require'),
    }).toEqual({
      'right in all respects': fine,
      'signed by nobody we know': refused,
      'signed by another authority': refused,
      'another authority, host not asked for': refused,
      'for another host': refused,
      'for another host, host not asked for': fine,
      expired: refused,
      'expired, host not asked for': refused,
      'encrypted only': fine,
    });
  }, 600_000);
});
