import { gzipSync } from 'node:zlib';

/** One entry of a tarball made for a test. */
export interface TarEntry {
  readonly name: string;
  readonly content?: string;
  readonly mode?: number;
  /** Type flag: `0` file, `5` folder, `2` link, `L` long name, `x` attributes. */
  readonly type?: string;
}

/** A gzipped tar archive of these entries. */
export function tarball(entries: readonly TarEntry[]): Buffer {
  return gzipSync(Buffer.concat([...entries.flatMap((entry) => blocks(entry)), Buffer.alloc(1024)]));
}

function blocks({ name, content = '', mode = 0o644, type = '0' }: TarEntry): readonly Buffer[] {
  const body = Buffer.from(content);
  const header = Buffer.alloc(512);
  header.write(name.slice(0, 100), 0);
  header.write(`${mode.toString(8).padStart(7, '0')}\0`, 100);
  header.write(`${body.length.toString(8).padStart(11, '0')}\0`, 124);
  header.write(type, 156);
  header.write('ustar\0', 257);
  header.fill(' ', 148, 156);
  const sum = header.reduce((total, byte) => total + byte, 0);
  header.write(`${sum.toString(8).padStart(6, '0')}\0 `, 148);
  return [header, body, Buffer.alloc((512 - (body.length % 512)) % 512)];
}
