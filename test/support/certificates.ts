import { execFileSync } from 'node:child_process';
import { chmodSync, chownSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { serverAccount } from '../../src/adapters/embedded/account.ts';

/** A folder with certificates, made by openssl. The server's account may read them. */
export interface CertificateFolder extends Disposable {
  /** The path of a file: `ours.pem`, `ours.key`. */
  path(name: string): string;
  /** Makes an authority that nobody knows. */
  authority(name: string): void;
  /** Makes an authority that another one has signed. */
  intermediate(name: string, authority: string): void;
  /** Makes a certificate, signed by an authority, for a server or a user. */
  certificate(name: string, authority: string, subject: string): void;
  /** Writes the key of a certificate again, protected by a passphrase. */
  protect(name: string, as: string, passphrase: string): void;
  /** Writes the list of what an authority has revoked. */
  revoke(authority: string, name: string, ...revoked: readonly string[]): void;
}

const newKey = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes'];

export function createCertificateFolder(): CertificateFolder {
  const folder = mkdtempSync(join(tmpdir(), `godwit-test-${process.pid}-certificates-`));
  chmodSync(folder, 0o755);
  const path = (name: string): string => join(folder, name);
  const openssl = (...words: readonly string[]): void => void execFileSync('openssl', words, { stdio: 'pipe' });
  const give = (...names: readonly string[]): void => {
    const { uid, gid } = serverAccount();
    for (const name of names) chmodSync(path(name), 0o600);
    if (process.getuid?.() === 0) for (const name of names) chownSync(path(name), uid, gid);
  };
  const sign = (name: string, authority: string, of: { subject: string; extension: string }): void => {
    const request = ['-keyout', path(`${name}.key`), '-out', path(`${name}.csr`), '-subj', `/CN=${of.subject}`];
    openssl('req', ...newKey, ...request);
    writeFileSync(path(`${name}.ext`), `${of.extension}\n`);
    const signed = ['-CA', path(`${authority}.pem`), '-CAkey', path(`${authority}.key`), '-CAcreateserial'];
    const files = ['-in', path(`${name}.csr`), '-out', path(`${name}.pem`), '-extfile', path(`${name}.ext`)];
    openssl('x509', '-req', '-days', '30', ...signed, ...files);
    give(`${name}.key`, `${name}.pem`);
  };
  return {
    path,
    authority(name) {
      const files = ['-keyout', path(`${name}.key`), '-out', path(`${name}.pem`), '-days', '30'];
      openssl('req', '-x509', ...newKey, ...files, '-subj', `/CN=${name}`);
      give(`${name}.key`, `${name}.pem`);
    },
    intermediate: (name, authority) => sign(name, authority, { subject: name, extension: 'basicConstraints=CA:TRUE' }),
    certificate(name, authority, subject) {
      const extension = `subjectAltName=${/^[\d.]+$/.test(subject) ? 'IP' : 'DNS'}:${subject}`;
      sign(name, authority, { subject, extension });
    },
    protect(name, as, passphrase) {
      const files = ['-in', path(`${name}.key`), '-out', path(as)];
      openssl('pkey', ...files, '-aes256', '-passout', `pass:${passphrase}`);
      give(as);
    },
    revoke(authority, name, ...revoked) {
      const [index, configuration] = [path(`${name}.index`), path(`${name}.cnf`)];
      writeFileSync(index, '');
      writeFileSync(configuration, `[ca]\ndefault_ca=one\n[one]\ndatabase=${index}\ndefault_md=sha256\n`);
      const signing = ['-config', configuration, '-cert', path(`${authority}.pem`)];
      const keyed = [...signing, '-keyfile', path(`${authority}.key`)];
      for (const one of revoked) openssl('ca', ...keyed, '-revoke', path(`${one}.pem`));
      openssl('ca', ...keyed, '-gencrl', '-crldays', '30', '-out', path(name));
    },
    [Symbol.dispose]: () => rmSync(folder, { recursive: true, force: true }),
  };
}
