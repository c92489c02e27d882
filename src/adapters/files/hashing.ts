import { createHash } from 'node:crypto';
import type { Hash, Hashing } from '../../migrate/contract/ports.ts';

/** SHA-256 by node:crypto. */
export const nodeHashing: Hashing = {
  sha256() {
    const inner = createHash('sha256');
    const hash: Hash = {
      update(data) {
        inner.update(data);
        return hash;
      },
      hex: () => inner.digest('hex'),
    };
    return hash;
  },
};
