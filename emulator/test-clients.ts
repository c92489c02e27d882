import { credentials } from '@grpc/grpc-js';
import { GoogleAuth, OAuth2Client } from 'google-auth-library';
import type { JobsClient } from '@google-cloud/run';
import type { Emulator } from './start.ts';

type ClientOptions = ConstructorParameters<typeof JobsClient>[0];

// The clients would look for Google's metadata server, which is an address of the real network.
process.env['METADATA_SERVER_DETECTION'] = 'none';

/** Options that make an official client talk REST to the emulator. */
export function clientOptions(cloud: Emulator, principal?: string) {
  const client = new OAuth2Client();
  client.setCredentials({ access_token: cloud.env(principal)['GOOGLE_OAUTH_ACCESS_TOKEN'] ?? '' });
  const port = Number(new URL(cloud.url).port);
  // Each client brings its own version of the library, whose types are incompatible with those of the others.
  const auth = new GoogleAuth({ authClient: client }) as never;
  return { fallback: true, protocol: 'http', apiEndpoint: '127.0.0.1', port, auth, projectId: 'acme-dev' } as const;
}

/** Options that make an official client talk gRPC to the emulator. */
export async function grpcOptions(cloud: Emulator) {
  const port = await cloud.grpcPort();
  return { apiEndpoint: '127.0.0.1', port, sslCreds: credentials.createInsecure(), projectId: 'acme-dev' } as const;
}

/** Both transports of the official clients. */
export const transports = [
  ['REST', (cloud: Emulator) => Promise.resolve(clientOptions(cloud) as ClientOptions)],
  ['gRPC', (cloud: Emulator) => grpcOptions(cloud) as Promise<ClientOptions>],
] as const;
