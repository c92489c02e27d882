import { afterEach, expect, test, vi } from 'vitest';
import { localTime, timesInZone, withLocalTimes } from './local-time.ts';
import { createRunNames } from './run-names.ts';

const one = '01M8JNWWABCDEFGHJKMNPQRSTV';
const near = '01M8JNWWABCDEFZHJKMNPQRSTV';
const far = '01M9ZZZZABCDEFGHJKMNPQRSTV';

afterEach(() => void vi.restoreAllMocks());

test('a run is named by the beginning of its id, at least 12 characters and unique among those known', () => {
  const names = createRunNames();
  names.know(() => [far, one]);
  expect(names.short(one)).toBe('01M8JNWWABCD');
  names.know(() => [near]);
  expect([names.short(one), names.short(near), names.short(far)]).toEqual([
    '01M8JNWWABCDEFG',
    '01M8JNWWABCDEFZ',
    '01M9ZZZZABCD',
  ]);
});

test('texts and commands name runs so; other texts with such a word stay', () => {
  const { inText } = createRunNames();
  expect(inText(`Run ${one} is at work: \`godwit runs attach -e dev ${one}\``)).toBe(
    'Run 01M8JNWWABCD is at work: `godwit runs attach -e dev 01M8JNWWABCD`',
  );
  expect(inText(`godwit db restore ${one}`)).toBe('godwit db restore 01M8JNWWABCD');
  for (const text of [`--filter=run="${one}"`, `id ${one}`, `run  ${one}`]) expect(inText(text)).toBe(text);
});

test.each([
  [0, '2026-03-04 23:30 UTC'],
  [-60, '2026-03-05 00:30 +01:00'],
  [570, '2026-03-04 14:00 -09:30'],
  [-345, '2026-03-05 05:15 +05:45'],
])('times are those of the reader, with the zone (%i minutes behind)', (offset, told) => {
  vi.spyOn(Date.prototype, 'getTimezoneOffset').mockReturnValue(offset);
  expect(localTime('2026-03-04T23:30:59.123Z')).toBe(told);
  expect(withLocalTimes('applied on 2026-03-04 23:30 UTC, by ann')).toBe(`applied on ${told}, by ann`);
  expect(withLocalTimes('applied on 2026-03-04T23:30:59.123Z')).toBe(`applied on ${told}`);
  for (const literal of ["'2026-03-04 23:30 UTC'", '--point-in-time=2026-03-04T23:30:59Z', '`x 2026-03-04 23:30 UTC`'])
    expect(withLocalTimes(`${literal} 2026-03-04 23:30 UTC`)).toBe(`${literal} ${told}`);
  expect(withLocalTimes("default '2026-03-04 23:30:00+00'")).toBe("default '2026-03-04 23:30:00+00'");
});

test('a list tells the zone of its times once, unless it changes', () => {
  const offset = vi.spyOn(Date.prototype, 'getTimezoneOffset').mockReturnValue(-60);
  const isos = ['2026-03-04T23:30:59.123Z', '2026-03-05T00:30:00Z'];
  expect(timesInZone(isos)).toEqual({ times: ['2026-03-05 00:30', '2026-03-05 01:30'], zone: 'UTC+01:00' });
  offset.mockReturnValueOnce(-120);
  expect(timesInZone(isos)).toEqual({
    times: ['2026-03-05 01:30 +02:00', '2026-03-05 01:30 +01:00'],
    zone: undefined,
  });
});
