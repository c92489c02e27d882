import { Writable } from 'node:stream';
import { promisify } from 'node:util';
import { expect, test } from 'vitest';
import { gathering } from './gathering.ts';

const nextTurn = promisify(setImmediate);

test('messages that are sent in one turn, also behind promises that are kept, leave together; later ones on their own', async () => {
  const left: string[][] = [];
  const stream = new Writable({
    write(chunk, _encoding, done) {
      left.push([String(chunk)]);
      done();
    },
    writev(chunks, done) {
      left.push(chunks.map(({ chunk }) => String(chunk)));
      done();
    },
  });
  const gather = gathering(stream);
  const send = (text: string): void => {
    gather();
    stream.write(text);
  };
  send('a');
  await Promise.resolve();
  send('b');
  send('c');
  expect(left).toEqual([]);
  await nextTurn();
  send('d');
  await nextTurn();
  expect(left).toEqual([['a', 'b', 'c'], ['d']]);
});
