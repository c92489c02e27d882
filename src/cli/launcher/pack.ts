/** The chunks of the program, as scripts/pack.mjs has put them into one text. */
export interface Pack {
  /** Of all its code. */
  readonly hash: string;
  /** The first words of all commands. */
  readonly commands: readonly string[];
  /** The code of a chunk; undefined if there is none of this name. */
  source(chunk: string): string | undefined;
}

export function readPack(text: string): Pack {
  const head = text.indexOf('\n');
  const { hash, commands, chunks } = JSON.parse(text.slice(0, head)) as {
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
      return text.slice(at, at + place[1]);
    },
  };
}
