/** Who sends a message: the runner (frontend) or the server (backend). */
export type Direction = 'frontend' | 'backend';

/** A message as it travels: its type (`startup` and `cancel` have no letter on the wire) and all of its bytes. */
export interface WireMessage {
  readonly type: string;
  readonly bytes: Buffer;
}

const codes: Readonly<Record<number, string>> = { 196608: 'startup', 80877102: 'cancel' };

/**
 * Cuts a stream of bytes into the messages of PostgreSQL's protocol 3. The first message of a frontend carries no
 * letter; encryption is not understood, so the connection must be made without.
 */
export class MessageCutter {
  #rest: Buffer = Buffer.alloc(0);
  #untyped: boolean;

  constructor(direction: Direction) {
    this.#untyped = direction === 'frontend';
  }

  push(chunk: Buffer): readonly WireMessage[] {
    this.#rest = this.#rest.length === 0 ? chunk : Buffer.concat([this.#rest, chunk]);
    const messages: WireMessage[] = [];
    for (let message = this.#next(); message !== undefined; message = this.#next()) messages.push(message);
    return messages;
  }

  #next(): WireMessage | undefined {
    const rest = this.#rest;
    const head = this.#untyped ? 0 : 1;
    if (rest.length < head + 4) return undefined;
    const end = head + rest.readUInt32BE(head);
    if (rest.length < Math.max(end, this.#untyped ? 8 : 0)) return undefined;
    const type = this.#untyped ? startOf(rest.readUInt32BE(4)) : String.fromCharCode(rest[0] ?? 0);
    this.#untyped = false;
    this.#rest = rest.subarray(end);
    return { type, bytes: rest.subarray(0, end) };
  }
}

function startOf(code: number): string {
  const type = codes[code];
  if (type === undefined) throw new Error(`start-up code ${code}: the harness speaks plain protocol 3 only`);
  return type;
}
