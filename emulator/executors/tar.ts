/** One file of an archive. */
export interface TarFile {
  /** Without leading `./` or `/`. */
  readonly name: string;
  readonly bytes: Buffer;
}

/** The plain files of a tar archive, with ustar prefixes, pax paths and GNU long names. */
export function* filesOfTar(tar: Buffer): Generator<TarFile> {
  let longName: string | undefined;
  for (let at = 0; at + 512 <= tar.length;) {
    const header = tar.subarray(at, at + 512);
    if (header.every((byte) => byte === 0)) return;
    const size = Number.parseInt(textAt(header, 124, 12).trim() || '0', 8);
    const bytes = tar.subarray(at + 512, at + 512 + size);
    const type = textAt(header, 156, 1);
    at += 512 + Math.ceil(size / 512) * 512;
    if (type === 'x') longName = /(?:^|\n)\d+ path=([^\n]*)\n/.exec(bytes.toString('utf8'))?.[1] ?? longName;
    else if (type === 'L') longName = bytes.toString('utf8').replace(/\0+$/, '');
    else {
      const name = longName ?? ustarName(header);
      longName = undefined;
      if (type === '' || type === '0') yield { name: name.replace(/^(\.?\/)+/, ''), bytes };
    }
  }
}

function ustarName(header: Buffer): string {
  const prefix = textAt(header, 257, 5) === 'ustar' ? textAt(header, 345, 155) : '';
  const name = textAt(header, 0, 100);
  return prefix === '' ? name : `${prefix}/${name}`;
}

const textAt = (header: Buffer, from: number, length: number): string =>
  header
    .subarray(from, from + length)
    .toString('utf8')
    .replace(/\0.*$/s, '');
