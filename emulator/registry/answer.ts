import type { IncomingMessage } from 'node:http';

/** The answer of a handler; the server writes it, unless a fault alters it. */
export interface Answer {
  readonly status: number;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: Buffer;
}

/** An error in the registry's form: `{"errors":[{code,message,detail}]}`. */
export function refusal(status: number, code: string, message: string): Answer {
  return {
    status,
    headers: { 'content-type': 'application/json; charset=utf-8' },
    body: Buffer.from(JSON.stringify({ errors: [{ code, message, detail: null }] })),
  };
}

/** The whole body of a request. @throws Error when the connection is lost before its end. */
export async function bodyOf(request: IncomingMessage): Promise<Buffer> {
  const pieces: Buffer[] = [];
  for await (const piece of request) pieces.push(piece as Buffer);
  return Buffer.concat(pieces);
}
