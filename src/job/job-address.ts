import { existsSync } from 'node:fs';
import { connect } from 'node:net';
import { settleFiles } from '../adapters/url/certificate-files.ts';
import { isOnThisMachine, readDatabaseUrl, type DatabaseUrl } from '../adapters/url/database-url.ts';
import { registerSecrets } from '../adapters/url/register-secrets.ts';
import { fault } from '../kit/fault.ts';
import type { Finding } from '../kit/finding.ts';
import { err, ok, type Outcome } from '../kit/outcome.ts';
import type { Redactor } from '../kit/redact.ts';
import type { ProcessVariables } from '../kit/secret-variables.ts';

/**
 * Reads the URL that a runner was started with. What it holds is registered with the redactor before anything else.
 *
 * @param env the secret that holds the URL is named by GODWIT_SECRET; without one this is no job, but a process of the
 *   user's own machine
 */
export function addressOf(env: ProcessVariables, redactor: Redactor): Outcome<DatabaseUrl> {
  const text = (env['DATABASE_URL'] ?? '').trim();
  redactor.register(text);
  const secret = env['GODWIT_SECRET'];
  const label = secret === undefined ? 'DATABASE_URL' : `Secret ${secret}`;
  const serverCa = env['GODWIT_SERVER_CA'] ?? '';
  const url = readDatabaseUrl(text, label, {
    user: env['PGUSER'] ?? 'postgres',
    ...(serverCa === '' ? {} : { serverCa }),
  });
  if (!url.ok) return err(...url.findings.map((finding) => inTermsOf(secret, finding)));
  const { address } = url.value;
  registerSecrets(address, text, redactor);
  if (secret !== undefined && url.value.passfile !== undefined)
    return err(
      fault('url-parameter-refused', {
        why: `${label} names a password file with passfile. The job has none of the files of your machine.`,
        fix: 'Put the password into the URL: postgresql://USER:PASSWORD@HOST:5432/DATABASE.',
      }),
    );
  const settled = settleFiles(address, { label, inJob: secret !== undefined });
  if (!settled.ok) return settled;
  if (address.host.startsWith('/') && !existsSync(address.host)) {
    const { why, fix } = fault('url-socket');
    return err(
      fault('url-socket', {
        why: `${label} names the socket folder ${address.host}, which this job does not have: it reaches the database over the private network. ${why}`,
        fix: `Put the private address into the secret as a new version. ${fix} \`gcloud sql instances describe INSTANCE --format "value(ipAddresses)"\` shows it.`,
      }),
    );
  }
  return ok({ ...url.value, address: settled.value });
}

function inTermsOf(secret: string | undefined, finding: Finding): Finding {
  if (secret === undefined || finding.code !== 'url-missing') return finding;
  const [name = ''] = secret.split(',');
  return {
    ...finding,
    fix: `Put the URL into the secret as a new version: \`printf %s "$URL" | gcloud secrets versions add ${name} --data-file=-\`.`,
  };
}

/** In a job, `localhost` is the job's own container. */
export function namesItself(env: ProcessVariables, { address }: DatabaseUrl): boolean {
  return env['GODWIT_SECRET'] !== undefined && !address.host.startsWith('/') && isOnThisMachine(address);
}

/** Says at once if nothing listens in the job's own container. */
export async function ownContainer(env: ProcessVariables, url: DatabaseUrl): Promise<Finding | undefined> {
  if (!namesItself(env, url)) return undefined;
  const secret = env['GODWIT_SECRET'];
  const { host, port, hostAddress = host } = url.address;
  const listens = await new Promise<boolean>((resolve) => {
    const socket = connect({ host: hostAddress, port }, () => socket.destroy());
    // A network that is not up yet says nothing about the port.
    socket.on('error', (error) => resolve((error as NodeJS.ErrnoException).code !== 'ECONNREFUSED'));
    socket.on('close', () => resolve(true));
  });
  if (listens) return undefined;
  return fault('url-localhost', {
    why: `Secret ${secret} names ${host}:${port}. ${fault('url-localhost').why} Nothing listens there.`,
  });
}
