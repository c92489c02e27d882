/**
 * A module for `node --import` that lets connections fail with ENETUNREACH for this long after the start, as on an
 * instance whose network is not up yet. Tasks that are plain processes have no network of their own that could come up
 * late.
 */
export function lateNetwork(delayMs: number): string {
  const source = `
    import net from 'node:net';
    const until = Date.now() + ${delayMs};
    const connect = net.Socket.prototype.connect;
    net.Socket.prototype.connect = function (...args) {
      if (Date.now() >= until) return connect.apply(this, args);
      const error = Object.assign(new Error('connect ENETUNREACH'), { code: 'ENETUNREACH', syscall: 'connect' });
      setImmediate(() => this.destroy(error));
      return this;
    };`;
  return `data:text/javascript;base64,${Buffer.from(source).toString('base64')}`;
}
