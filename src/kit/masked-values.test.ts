import { expect, test } from 'vitest';
import { maskedValues } from './masked-values.ts';

const redact = (text: string): string => text.replaceAll('parrot', '***').replaceAll('dev', '***');

test('texts are masked, keys, numbers and terms of godwit are not', () => {
  const event = {
    kind: 'dev',
    environment: 'dev',
    parrot: 1,
    words: ['a parrot'],
    where: { file: 'parrot.sql', line: 1 },
  };
  expect(maskedValues(event, redact)).toEqual({
    kind: 'dev',
    environment: 'dev',
    parrot: 1,
    words: ['a ***'],
    where: { file: '***.sql', line: 1 },
  });
});

test('what tells of a failure loses also what nobody has registered', () => {
  const stored = { failure: `refused {"client_secret":"unknown-secret"}`, sql: `password 'unknown'` };
  const { failure, sql } = maskedValues(stored, redact);
  expect(failure).toBe('refused {"client_secret":"***"}');
  expect(sql).toBe(`password 'unknown'`);
});
