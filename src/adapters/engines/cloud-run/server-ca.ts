import type { Google } from '../../google/google.ts';
import type { CloudRunOptions } from './options.ts';

/** Longer than any certificate, and shorter than the limit of a variable. */
const longest = 16 * 1024;

/**
 * The CA of the Cloud SQL instance as PEM text, so that the runner can authenticate the server. Undefined when the
 * environment names no instance, or the instance cannot be queried; then only the URL decides.
 */
export async function serverCaOf(google: Google, options: CloudRunOptions): Promise<string | undefined> {
  if (options.instance === undefined) return undefined;
  // The project id may itself contain a colon.
  const parts = options.instance.split(':');
  const project = parts.slice(0, -2).join(':');
  const name = parts.at(-1) ?? '';
  const reply = await google.call<{ readonly serverCaCert?: { readonly cert?: string } }>({
    service: 'sqladmin',
    method: 'GET',
    path: `v1/projects/${project}/instances/${name}`,
  });
  const cert = reply.ok ? (reply.value.serverCaCert?.cert ?? '') : '';
  return cert.startsWith('-----BEGIN CERTIFICATE-----') && cert.length <= longest ? cert : undefined;
}
