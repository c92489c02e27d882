import { gzipSync } from 'node:zlib';
import { digestOf, repositoryOf, type RegistryStore } from './store.ts';

const ociManifest = 'application/vnd.oci.image.manifest.v1+json';
const ociConfig = 'application/vnd.oci.image.config.v1+json';
const ociLayer = 'application/vnd.oci.image.layer.v1.tar+gzip';

/**
 * Adds a base image that has only the form of one: it names Node as official images do, but contains no program. It
 * serves executors that use this machine's own Node; a container runtime could start nothing in it.
 *
 * @param name - name and tag, such as `library/node:22-slim`
 * @returns the digest of its manifest
 */
export function addStandIn(store: RegistryStore, name: string): string {
  const [repositoryName = name, tag = 'latest'] = name.split(':');
  const tar = Buffer.concat([
    ...['usr/', 'usr/local/', 'usr/local/bin/'].map((path) => header(path, 0o755, 0)),
    file('usr/local/bin/node', 0o755, 'a stand-in for Node\n'),
    Buffer.alloc(1024),
  ]);
  const repository = repositoryOf(store, repositoryName);
  const keep = (bytes: Buffer): { readonly digest: string; readonly size: number } => {
    const digest = digestOf(bytes);
    store.blobs.set(digest, bytes);
    repository.blobs.add(digest);
    return { digest, size: bytes.length };
  };
  const config = {
    architecture: process.arch === 'arm64' ? 'arm64' : 'amd64',
    os: 'linux',
    config: { Env: ['PATH=/usr/local/bin:/usr/bin:/bin'], Cmd: ['node'] },
    rootfs: { type: 'layers', diff_ids: [digestOf(tar)] },
  };
  const manifest = Buffer.from(
    JSON.stringify({
      schemaVersion: 2,
      mediaType: ociManifest,
      config: { mediaType: ociConfig, ...keep(Buffer.from(JSON.stringify(config))) },
      layers: [{ mediaType: ociLayer, ...keep(gzipSync(tar)) }],
    }),
  );
  const digest = digestOf(manifest);
  repository.manifests.set(digest, { digest, mediaType: ociManifest, bytes: manifest, uploadedAt: 0 });
  repository.tags.set(tag, digest);
  return digest;
}

function file(path: string, mode: number, text: string): Buffer {
  const content = Buffer.from(text);
  return Buffer.concat([
    header(path, mode, content.length),
    content,
    Buffer.alloc((512 - (content.length % 512)) % 512),
  ]);
}

/** One entry of a ustar archive; a folder ends in `/`. */
function header(path: string, mode: number, size: number): Buffer {
  const bytes = Buffer.alloc(512);
  const octal = (value: number, width: number): string => `${value.toString(8).padStart(width - 1, '0')}\0`;
  bytes.write(path, 0, 100, 'latin1');
  bytes.write(octal(mode, 8) + octal(0, 8) + octal(0, 8) + octal(size, 12) + octal(0, 12), 100, 'latin1');
  bytes.fill(' ', 148, 156);
  bytes.write(path.endsWith('/') ? '5' : '0', 156, 'latin1');
  bytes.write('ustar\u000000', 257, 'latin1');
  const sum = bytes.reduce((total, byte) => total + byte, 0);
  bytes.write(`${sum.toString(8).padStart(6, '0')}\0 `, 148, 'latin1');
  return bytes;
}
