import { createHash } from 'node:crypto';
import type { Exchange } from './exchange.ts';
import { bodyOf, LostConnection } from '../http/http.ts';
import type { Descriptor } from './manifest.ts';
import type { RepositoryName } from './reference.ts';
import { damaged, unreachable, type Doing } from './registry-fault.ts';

/**
 * Reads the bytes of a blob. The last piece is held back until all of them match the requested digest, so that nobody
 * can mistake a damaged blob for a complete one. A connection that is lost on the way is opened again, and reading
 * continues where it was.
 */
export async function* readBlob(exchange: Exchange, from: RepositoryName, blob: Descriptor): AsyncGenerator<Buffer> {
  const doing: Doing = { ...from, activity: 'reading a layer of', writes: false };
  const hash = createHash('sha256');
  let held: Buffer | undefined;
  let size = 0;
  for await (const piece of resumed(exchange, from, { blob, doing })) {
    hash.update(piece);
    size += piece.length;
    if (size > blob.size) throw damaged(doing, `${blob.digest} is longer than the ${blob.size} bytes it should have`);
    if (held !== undefined) yield held;
    held = piece;
  }
  const digest = `sha256:${hash.digest('hex')}`;
  if (digest !== blob.digest) throw damaged(doing, `what it sent for ${blob.digest} has the digest ${digest}`);
  if (held !== undefined) yield held;
}

async function* resumed(
  exchange: Exchange,
  from: RepositoryName,
  { blob, doing }: { readonly blob: Descriptor; readonly doing: Doing },
): AsyncGenerator<Buffer> {
  let at = 0;
  for (let tried = 1; ; tried += 1) {
    const answer = await exchange.send({
      method: 'GET',
      path: `${from.repository}/blobs/${blob.digest}`,
      ...(at === 0 ? {} : { headers: { range: `bytes=${at}-` } }),
      scope: { ...from, actions: 'pull' },
      doing,
      expect: at === 0 ? [200] : [200, 206],
    });
    // A server that does not support ranges starts from the beginning.
    let skip = answer.statusCode === 200 ? at : 0;
    try {
      for await (const piece of bodyOf(answer)) {
        const rest = piece.subarray(Math.min(skip, piece.length));
        skip -= piece.length - rest.length;
        at += rest.length;
        if (rest.length > 0) yield rest;
      }
      if (at >= blob.size) return;
    } catch (error) {
      if (!(error instanceof LostConnection)) throw error;
    } finally {
      answer.destroy();
    }
    if (!(await exchange.pause(tried))) throw unreachable(doing, `the connection was lost ${tried} times`);
  }
}
