import { createPrivateKey, X509Certificate, type KeyObject } from 'node:crypto';
import { readFileSync, statSync } from 'node:fs';
import { resolve } from 'node:path';
import { fault } from '../../kit/fault.ts';
import { err, ok, type Outcome } from '../../kit/outcome.ts';
import type { DatabaseAddress, TlsTexts } from '../postgres/address.ts';

/** Who reads the files. */
export interface FileReader {
  /** Where the URL was stored, for the findings. */
  readonly label: string;
  /** True: this is a job, which has none of the files of the user's machine. */
  readonly inJob?: boolean;
}

/** Reads and checks the certificate files that an address names, so that no connection fails because of them. */
export function settleFiles(address: DatabaseAddress, reader: FileReader): Outcome<DatabaseAddress> {
  if (address.tls === 'disable') return ok(address);
  try {
    const { rootCertificate, clientCertificate, clientKey, revoked } = address;
    const texts: TlsTexts = {
      ...(rootCertificate === undefined ? {} : { ca: authorities(rootCertificate) }),
      ...clientTexts(address),
      ...(revoked === undefined ? {} : { crl: pem('sslcrl', revoked, 'X509 CRL', 'list of revoked certificates') }),
    };
    return ok({
      ...address,
      ...(rootCertificate === undefined ? {} : { rootCertificate: absolute(rootCertificate) }),
      ...(clientCertificate === undefined ? {} : { clientCertificate: absolute(clientCertificate) }),
      ...(clientKey === undefined ? {} : { clientKey: absolute(clientKey) }),
      ...(revoked === undefined ? {} : { revoked: absolute(revoked) }),
      texts,
    });
  } catch (error) {
    if (error instanceof Unfit) return err(unfitFault(error, reader));
    throw error;
  }
}

/** A file is not what its parameter needs. The message follows the label; the fix is absent where the usual one helps. */
class Unfit extends Error {
  override readonly name = 'Unfit';
  readonly fix: string | undefined;
  readonly isAbsent: boolean;

  constructor(message: string, { fix, isAbsent = false }: { readonly fix?: string; readonly isAbsent?: boolean } = {}) {
    super(message);
    this.fix = fix;
    this.isAbsent = isAbsent;
  }
}

function unfitFault(unfit: Unfit, { label, inJob = false }: FileReader) {
  if (inJob && unfit.isAbsent)
    return fault('url-certificate', {
      why: `${label} ${unfit.message} The job runs in a container of its own, and has none of the files of your machine.`,
      fix: 'For the CA of a Cloud SQL instance, name `instance` in the configuration and remove sslrootcert from the secret: the job then gets that CA. Other files must be in an image of your own (`image.own`).',
    });
  return fault('url-certificate', {
    why: `${label} ${unfit.message}`,
    ...(unfit.fix === undefined ? {} : { fix: unfit.fix }),
  });
}

function clientTexts(address: DatabaseAddress): TlsTexts {
  const { clientCertificate, clientKey, clientKeyPassword } = address;
  if (clientCertificate === undefined && clientKey === undefined) return {};
  if (clientCertificate === undefined)
    throw new Unfit('names a key with sslkey, but no certificate.', { fix: 'Add sslcert=FILE, or remove sslkey.' });
  if (clientKey === undefined)
    throw new Unfit('names a client certificate with sslcert, but no key.', {
      fix: 'Add sslkey=FILE. If the file is the CA of the server, as with Prisma, its parameter is sslrootcert.',
    });
  const cert = pem('sslcert', clientCertificate, 'CERTIFICATE', 'certificate');
  const key = pem('sslkey', clientKey, '(?:\\w+ )?PRIVATE KEY', 'private key');
  refuseOpenKey(clientKey);
  const opened = openKey(key, clientKey, clientKeyPassword);
  const [leaf] = certificatesIn(cert, 'sslcert', clientCertificate);
  if (leaf?.checkPrivateKey(opened) !== true)
    throw new Unfit(
      `names the key ${clientKey} with sslkey, but it is not the key of the certificate ${clientCertificate}.`,
      {
        fix: 'Name the key and the certificate that were made together.',
      },
    );
  return { cert, key };
}

function openKey(key: string, path: string, passphrase: string | undefined): KeyObject {
  try {
    return createPrivateKey({ key, ...(passphrase === undefined ? {} : { passphrase }) });
  } catch {
    if (/ENCRYPTED/.test(key))
      throw new Unfit(
        passphrase === undefined
          ? `names the key ${path} with sslkey, which is protected by a passphrase.`
          : `names the key ${path} with sslkey, which sslpassword does not open.`,
        { fix: 'Give the passphrase with sslpassword=…, percent-encoded.' },
      );
    throw new Unfit(`names the file ${path} with sslkey, but the private key in it is damaged.`);
  }
}

/** As libpq: others must not be able to read the key. */
function refuseOpenKey(path: string): void {
  const { mode, uid } = statSync(path);
  if ((mode & (uid === 0 ? 0o037 : 0o077)) === 0) return;
  throw new Unfit(`names the key ${path} with sslkey, which others on this machine may read.`, {
    fix: `Close it: \`chmod 600 ${path}\`.`,
  });
}

function authorities(named: string): string | readonly string[] {
  if (named === 'system') return systemAuthorities();
  const text = pem('sslrootcert', named, '(?:TRUSTED )?CERTIFICATE', 'certificate');
  certificatesIn(text, 'sslrootcert', named);
  return text;
}

function certificatesIn(text: string, parameter: string, path: string): readonly X509Certificate[] {
  const found = text.match(/-----BEGIN CERTIFICATE-----[^-]+-----END CERTIFICATE-----/g) ?? [];
  try {
    return found.map((one) => new X509Certificate(one));
  } catch {
    throw new Unfit(`names the file ${path} with ${parameter}, but a certificate in it is damaged.`);
  }
}

function pem(parameter: string, path: string, begins: string, what: string): string {
  const text = read(parameter, path);
  if (new RegExp(`-----BEGIN ${begins}-----`).test(text)) return text;
  const encrypted = parameter === 'sslkey' && /-----BEGIN ENCRYPTED PRIVATE KEY-----/.test(text);
  if (encrypted) return text;
  throw new Unfit(`names the file ${path} with ${parameter}, but there is no ${what} in it.`, {
    fix: `Give a PEM file, with a line that begins with -----BEGIN. A file in DER form is converted with \`openssl ${parameter === 'sslkey' ? 'pkey' : parameter === 'sslcrl' ? 'crl' : 'x509'} -inform der\`.`,
  });
}

function read(parameter: string, path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch (error) {
    const { code = '' } = error as NodeJS.ErrnoException;
    const home = path.startsWith('~') ? ' `~` is not replaced by your home folder.' : '';
    const why = reasons[code] ?? `it cannot be read (${code}).`;
    throw new Unfit(`names the file ${path} with ${parameter}, but ${why}${home}`, {
      isAbsent: code === 'ENOENT' || code === 'ENOTDIR',
      ...(code === 'EACCES' ? { fix: 'Let this user read the file.' } : {}),
    });
  }
}

const reasons: Readonly<Record<string, string>> = {
  ENOENT: 'the file does not exist.',
  ENOTDIR: 'the file does not exist.',
  EISDIR: 'that is a folder.',
  EACCES: 'this user may not read it.',
};

const bundles = [
  '/etc/ssl/certs/ca-certificates.crt',
  '/etc/pki/tls/certs/ca-bundle.crt',
  '/etc/ssl/ca-bundle.pem',
  '/etc/ssl/cert.pem',
];

/** Newer versions of Node know those of the system. */
interface Authorities {
  readonly rootCertificates: readonly string[];
  readonly getCACertificates?: (kind: string) => readonly string[];
}

/** The authorities that this machine trusts; those that come with Node where they cannot be found. */
function systemAuthorities(): readonly string[] {
  // Loading it, and with an import also its list of authorities, costs every other start some milliseconds.
  const { rootCertificates, getCACertificates } = process.getBuiltinModule('node:tls') as Authorities;
  for (const path of [process.env['SSL_CERT_FILE'], ...(getCACertificates === undefined ? bundles : [])]) {
    try {
      if (path !== undefined && path !== '') return [readFileSync(path, 'utf8')];
    } catch {
      // The next place.
    }
  }
  const found = getCACertificates?.('system') ?? [];
  return found.length > 0 ? found : rootCertificates;
}

function absolute(path: string): string {
  return path === 'system' ? path : resolve(path);
}
