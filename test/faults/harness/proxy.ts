import { connect, createServer, type AddressInfo, type Socket } from 'node:net';
import { once } from 'node:events';
import { setTimeout as sleep } from 'node:timers/promises';
import { deferred } from './deferred.ts';
import { MessageCutter, type Direction, type WireMessage } from './wire-messages.ts';

/**
 * A place on the wire: message `n` (from 1) that travels in this direction on the connection with this number (from 1,
 * in the order in which they were made), or on all of them together. `before`: the message does not arrive; `after`: it
 * does.
 */
export interface WirePoint {
  readonly connection: number | 'any';
  readonly direction: Direction;
  readonly n: number;
  readonly when: 'before' | 'after';
}

/** A message that has come by. */
export interface Passed {
  readonly connection: number;
  readonly direction: Direction;
  readonly n: number;
  readonly type: string;
}

/** What the proxy itself does to a connection when the point is reached. */
export interface Cut {
  /** Ends the connection (or all of them) with RST on both sides; nothing more arrives. */
  reset(scope: 'one' | 'all'): void;
  /** Nothing arrives any more on any connection, and nobody is told; after `ms` everything is reset. */
  silence(ms: number): void;
  /** Ends all connections towards the server as the kernel does for a process that died, and drops what is on its way. */
  orphan(): void;
}

/** Reached when its message comes by; the stream stands still until `strike` has ended. */
interface ArmedFault {
  readonly point: WirePoint;
  strike(cut: Cut): Promise<void> | void;
}

/** How slow the wire is: per message a delay in milliseconds, and bytes per second. */
export interface Pace {
  readonly delayMs: number;
  readonly bytesPerSecond?: number;
}

/** A proxy between runner and server that knows the messages and can cut the wire at any of them. */
export interface WireProxy extends AsyncDisposable {
  readonly port: number;
  /** All messages so far, if asked to keep them. */
  readonly passed: readonly Passed[];
  /** Faults that have been reached. */
  readonly struck: number;
  /** Fulfilled when the first one is. */
  readonly reached: Promise<void>;
  arm(fault: ArmedFault): void;
  pace(pace: Pace): void;
  close(): Promise<void>;
}

interface Wire {
  readonly number: number;
  readonly near: Socket;
  readonly far: Socket;
  cut: boolean;
}

/** Starts a proxy in front of the server that listens on `port` of this machine. */
export async function startProxy(port: number, options: { readonly keep?: boolean } = {}): Promise<WireProxy> {
  const wires: Wire[] = [];
  const passed: Passed[] = [];
  const armed: ArmedFault[] = [];
  const count = { frontend: 0, backend: 0 };
  const first = deferred();
  let struck = 0;
  let silent = false;
  let pace: Pace = { delayMs: 0 };

  const end = (wire: Wire, how: 'reset' | 'orphan'): void => {
    if (wire.cut) return;
    wire.cut = true;
    wire.near.resetAndDestroy();
    if (how === 'reset') wire.far.resetAndDestroy();
    else wire.far.end();
  };
  const cutFor = (wire: Wire): Cut => ({
    reset: (scope) => (scope === 'one' ? [wire] : wires).forEach((one) => end(one, 'reset')),
    orphan: () => wires.forEach((one) => end(one, 'orphan')),
    silence(ms) {
      silent = true;
      setTimeout(() => {
        silent = false;
        wires.forEach((one) => end(one, 'reset'));
      }, ms).unref();
    },
  });

  const server = createServer({ noDelay: true }, (near) => {
    const far = connect({ host: '127.0.0.1', port, noDelay: true });
    const wire: Wire = { number: wires.length + 1, near, far, cut: false };
    wires.push(wire);
    carry(wire, 'frontend');
    carry(wire, 'backend');
  });

  /** Carries the messages of one direction, one after the other. */
  function carry(wire: Wire, direction: Direction): void {
    const [from, to] = direction === 'frontend' ? [wire.near, wire.far] : [wire.far, wire.near];
    const cutter = new MessageCutter(direction);
    let line = Promise.resolve();
    let n = 0;
    from.on('data', (chunk: Buffer) => {
      for (const message of cutter.push(chunk)) {
        n += 1;
        const number = n;
        line = line.then(() => forward(wire, { direction, n: number, to }, message));
      }
    });
    from.on('error', () => {});
    from.on('close', () => {
      line = line.then(() => leave(wire, to));
    });
  }

  async function forward(
    wire: Wire,
    place: { readonly direction: Direction; readonly n: number; readonly to: Socket },
    { type, bytes }: WireMessage,
  ): Promise<void> {
    const { direction, n, to } = place;
    if (wire.cut || silent) return;
    if (options.keep === true) passed.push({ connection: wire.number, direction, n, type });
    count[direction] += 1;
    const index = armed.findIndex(
      ({ point }) =>
        point.direction === direction &&
        (point.connection === 'any' ? point.n <= count[direction] : point.connection === wire.number && point.n === n),
    );
    const [fault] = index === -1 ? [] : armed.splice(index, 1);
    if (fault?.point.when === 'before') await strike(fault, wire);
    if (pace.delayMs > 0 || pace.bytesPerSecond !== undefined)
      await sleep(
        pace.delayMs + (pace.bytesPerSecond === undefined ? 0 : (bytes.length / pace.bytesPerSecond) * 1_000),
      );
    if (wire.cut || silent) return;
    // Handed over to the kernel before anything else happens: a reset would throw away what is still ours.
    await new Promise<void>((resolve) => void to.write(bytes, () => resolve()));
    if (fault?.point.when === 'after') await strike(fault, wire);
  }

  function leave(wire: Wire, to: Socket): void {
    if (!silent && !wire.cut) to.end();
  }

  async function strike(fault: ArmedFault, wire: Wire): Promise<void> {
    struck += 1;
    first.fulfil();
    await fault.strike(cutFor(wire));
  }

  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const close = async (): Promise<void> => {
    wires.forEach((wire) => end(wire, 'reset'));
    server.close();
    await once(server, 'close');
  };
  return {
    port: (server.address() as AddressInfo).port,
    passed,
    reached: first.promise,
    get struck() {
      return struck;
    },
    arm: (fault) => void armed.push(fault),
    pace: (next) => void (pace = next),
    close,
    [Symbol.asyncDispose]: close,
  };
}
