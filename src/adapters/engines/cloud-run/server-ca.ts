import type { Google } from '../../google/google.ts';
import type { CloudRunOptions } from './options.ts';

/** Longer than a few certificates, and shorter than the limit of a variable. */
const longest = 16 * 1024;

interface SslCert {
  readonly cert?: string;
}

/**
 * The CAs of the Cloud SQL instance as PEM text, so that the runner can authenticate the server: the one in use and,
 * around a rotation, the next or the former one. Undefined when the environment names no instance, or the instance cannot
 * be queried; then only the URL decides.
 */
export async function serverCaOf(google: Google, options: CloudRunOptions): Promise<string | undefined> {
  if (options.instance === undefined) return undefined;
  // The project id may itself contain a colon.
  const parts = options.instance.split(':');
  const project = parts.slice(0, -2).join(':');
  const path = `v1/projects/${project}/instances/${parts.at(-1) ?? ''}`;
  const get = { service: 'sqladmin', method: 'GET' } as const;
  const [instance, listed] = await Promise.all([
    google.call<{ readonly serverCaCert?: SslCert }>({ ...get, path }),
    google.call<{ readonly certs?: readonly SslCert[] }>({ ...get, path: `${path}/listServerCas` }),
  ]);
  const own = instance.ok ? pemsOf(instance.value.serverCaCert) : [];
  const others = listed.ok ? (listed.value.certs ?? []).flatMap((cert) => pemsOf(cert)) : [];
  const all = [...new Set([...own, ...others])].join('\n');
  const text = all.length <= longest ? all : own.join('\n');
  return text === '' || text.length > longest ? undefined : text;
}

function pemsOf(one: SslCert | undefined): readonly string[] {
  const text = one?.cert?.trim() ?? '';
  return text.startsWith('-----BEGIN CERTIFICATE-----') ? [text] : [];
}
