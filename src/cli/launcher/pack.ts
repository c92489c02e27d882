/** The chunks of the program, as scripts/pack.mjs has put them into one text. */
export interface Pack {
  /** Of all its code. */
  readonly hash: string;
  /** The first words of all commands. */
  readonly commands: readonly string[];
  /** The code of a chunk; undefined if there is none of this name. */
  source(chunk: string): string | undefined;
}

export function readPack(bytes: Buffer): Pack {
  const head = bytes.indexOf('\n');
  const { hash, commands, chunks } = JSON.parse(bytes.toString('latin1', 0, head)) as {
    readonly hash: string;
    readonly commands: readonly string[];
    readonly chunks: Readonly<Record<string, readonly [at: number, length: number]>>;
  };
  return {
    hash,
    commands,
    source(chunk) {
      const place = chunks[chunk];
      if (place === undefined) return undefined;
      const at = head + 1 + place[0];
      return bytes.toString('latin1', at, at + place[1]);
    },
  };
}
