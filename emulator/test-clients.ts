import { GoogleAuth, OAuth2Client } from 'google-auth-library';
import type { Emulator } from './start.ts';

/** How an official client is told to talk REST to the emulator. */
export function clientOptions(cloud: Emulator, principal?: string) {
  const client = new OAuth2Client();
  client.setCredentials({ access_token: cloud.env(principal)['GOOGLE_OAUTH_ACCESS_TOKEN'] ?? '' });
  const port = Number(new URL(cloud.url).port);
  // Each client brings a version of the library of its own, with types that do not fit those of another.
  const auth = new GoogleAuth({ authClient: client }) as never;
  return { fallback: true, protocol: 'http', apiEndpoint: '127.0.0.1', port, auth, projectId: 'acme-dev' } as const;
}
