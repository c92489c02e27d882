import type { ByteSource } from '../contract/ports.ts';

const windowSize = 1024 * 1024;

/**
 * Does the word `godwit` occur in a script? A script without it has no directives, so it need not be parsed for them.
 *
 * @param script bytes of the file; read in windows of one megabyte
 */
export async function namesGodwit(script: ByteSource): Promise<boolean> {
  const overlap = 'godwit'.length - 1;
  const decoder = new TextDecoder('latin1');
  for (let at = 0; at < script.size; at += windowSize - overlap)
    if (/godwit/i.test(decoder.decode(await script.read(at, at + windowSize)))) return true;
  return false;
}
