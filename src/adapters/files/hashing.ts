import { createHash, hash as hashAtOnce } from 'node:crypto';
import type { Hash, Hashing } from '../../migrate/contract/ports.ts';

/** SHA-256 by node:crypto. What comes in one piece, as most files do, is hashed at once, which costs half as much. */
export const nodeHashing: Hashing = {
  sha256() {
    let only: Uint8Array | string | undefined;
    let inner: ReturnType<typeof createHash> | undefined;
    const hash: Hash = {
      update(data) {
        if (inner === undefined && only === undefined) only = data;
        else {
          inner ??= createHash('sha256').update(only ?? '');
          inner.update(data);
        }
        return hash;
      },
      hex: () => inner?.digest('hex') ?? hashAtOnce('sha256', only ?? '', 'hex'),
    };
    return hash;
  },
};
