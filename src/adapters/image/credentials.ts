import { readFileSync } from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { ok, type Outcome } from '../../kit/outcome.ts';
import { isGoogleHost } from './reference.ts';

/** A credential for a registry. */
export type RegistryCredential =
  | { readonly kind: 'basic'; readonly user: string; readonly password: string }
  /** A token that is exchanged for access tokens, as `docker login` keeps for some registries. */
  | { readonly kind: 'refresh'; readonly token: string }
  /** A Google access token. */
  | { readonly kind: 'google'; readonly token: string };

/** Called once per registry; undefined means anonymous access. */
export type RegistryCredentials = (host: string) => Promise<Outcome<RegistryCredential | undefined>>;

/** Where credentials come from. */
export interface CredentialSources {
  /** Provides an access token for Google's registries, and for those whose hosts `google` accepts. */
  readonly googleToken: () => Promise<Outcome<string>>;
  /** Hosts that accept a Google access token; by default `*.pkg.dev` and `gcr.io`. */
  readonly google?: (host: string) => boolean;
  /** Docker's configuration file; by default `~/.docker/config.json`, or in $DOCKER_CONFIG. */
  readonly dockerConfig?: string;
  /** Called with every secret before it is used, for masking. */
  readonly register?: (secret: string) => void;
}

/**
 * Finds credentials as container tools do: Google's access token for Google's registries, else what `docker login` has
 * written into Docker's configuration. Credential helpers are programs, and are not run.
 * @example
 * const credentials = createCredentials({ googleToken: () => google.token() });
 */
export function createRegistryCredentials(sources: CredentialSources): RegistryCredentials {
  const isGoogle = sources.google ?? isGoogleHost;
  return async (host) => {
    const known = isGoogle(host) ? await sources.googleToken() : undefined;
    if (known !== undefined && !known.ok) return known;
    const found: RegistryCredential | undefined =
      known === undefined ? dockerCredential(host, sources.dockerConfig) : { kind: 'google', token: known.value };
    if (found !== undefined) for (const secret of secretsOf(found)) sources.register?.(secret);
    return ok(found);
  };
}

function secretsOf(found: RegistryCredential): readonly string[] {
  if (found.kind !== 'basic') return [found.token];
  return [found.password, Buffer.from(`${found.user}:${found.password}`).toString('base64')];
}

interface DockerAuth {
  readonly auth?: string;
  readonly username?: string;
  readonly password?: string;
  readonly identitytoken?: string;
}

function dockerCredential(host: string, file = dockerConfigFile()): RegistryCredential | undefined {
  const auths = readAuths(file);
  const names = host === 'docker.io' ? ['https://index.docker.io/v1/', 'index.docker.io', host] : [host];
  const auth = names.flatMap((name) => [name, `https://${name}`, `https://${name}/`]).map((name) => auths[name]);
  const found = auth.find((one) => one !== undefined);
  if (found === undefined) return undefined;
  if (found.identitytoken !== undefined && found.identitytoken !== '')
    return { kind: 'refresh', token: found.identitytoken };
  const text = Buffer.from(found.auth ?? '', 'base64').toString('utf8');
  const colon = text.indexOf(':');
  const user = colon > 0 ? text.slice(0, colon) : found.username;
  const password = colon > 0 ? text.slice(colon + 1) : found.password;
  return user === undefined || password === undefined ? undefined : { kind: 'basic', user, password };
}

/** A missing file, or one with other content, provides no credentials. */
function readAuths(file: string): Readonly<Record<string, DockerAuth | undefined>> {
  try {
    const { auths } = JSON.parse(readFileSync(file, 'utf8')) as { auths?: Record<string, DockerAuth> };
    return auths ?? {};
  } catch {
    return {};
  }
}

function dockerConfigFile(): string {
  return join(process.env['DOCKER_CONFIG'] ?? join(homedir(), '.docker'), 'config.json');
}
