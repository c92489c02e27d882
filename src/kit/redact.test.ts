import { expect, test } from 'vitest';
import { createRedactor } from './redact.ts';

test('a secret is masked in every form', () => {
  const redactor = createRedactor();
  redactor.register(`p@r"r'ot é`);
  for (const form of [`p@r"r'ot é`, 'p%40r%22r', `p@r\\"r'ot é`, `p@r"r''ot é`])
    expect(redactor.redact(`in <${form}>`)).not.toMatch(/p@r\\?"r'ot|r''ot/);
});

test('N12: a secret with letters beyond ASCII is masked as `\\u…` of JSON and in percent-encoding with digits in either case', () => {
  const redactor = createRedactor();
  const secret = `kan\u00e1"rek/\ud83d\ude00`;
  redactor.register(secret);
  const json = String.raw`kan\u00e1\"rek/\ud83d\ude00`;
  const forms = [
    json,
    json.replaceAll(/[0-9a-f]{4}/g, (digits) => digits.toUpperCase()),
    JSON.stringify(json).slice(1, -1),
    encodeURIComponent(secret),
    encodeURIComponent(secret).toLowerCase(),
    encodeURI(secret).toLowerCase(),
  ];
  for (const form of forms) expect([form, redactor.redact(`<${form}>`)]).toEqual([form, '<***>']);
});

test('lines of a key and secret members of JSON are masked alone, too', () => {
  const redactor = createRedactor();
  redactor.register(
    JSON.stringify({
      type: 'x',
      private_key: 'first-line-of-it\nsecond-line-of-it',
      nested: { token: 'parrot-token' },
    }),
  );
  expect(redactor.redact('at second-line-of-it: parrot-token, type x')).toBe('at ***: ***, type x');
});

test('the beginning of a long secret is masked where a text was cut, the one of a URL is not', () => {
  const redactor = createRedactor();
  redactor.register('0123456789abcdef0123456789abcdef');
  expect(redactor.redact('cut: 0123456789abcdef0123')).toBe('cut: ***');
  expect(redactor.redact('cut: 0123456789')).toBe('cut: 0123456789');
  redactor.register('postgresql://ann@db.example.com:5432/shop');
  expect(redactor.redact('postgresql://ann@db.example.com:5432/other')).toContain('example');
});

test('what a command is for is shown', () => {
  const redactor = createRedactor();
  redactor.register('parrot');
  redactor.register('postgresql://ann:parrot@127.0.0.1/shop');
  redactor.reveal('postgresql://ann:parrot@127.0.0.1/shop');
  expect(redactor.redact('postgresql://ann:parrot@127.0.0.1/shop')).toContain('parrot');
});

test('of forms that begin alike, the one that is there is masked as a whole', () => {
  const redactor = createRedactor();
  const secret = `a beginning that is plain "and" an end that is not \\`;
  redactor.register(secret);
  expect(redactor.redact(secret)).toBe('***');
  expect(redactor.redact(JSON.stringify(JSON.stringify(secret)))).not.toContain('end that');
});
