import { isAbsolute } from 'node:path';
import { expect, test, vi } from 'vitest';
import { cacheFolder } from './account.ts';

test.each(['', 'home', './x'])('the HOME %j does not lead into the project', (HOME) => {
  const uid = vi.spyOn(process, 'getuid').mockReturnValue(1000);
  try {
    expect(isAbsolute(cacheFolder({ HOME }))).toBe(true);
    expect(cacheFolder({ HOME: '/home/ann' })).toBe('/home/ann/.cache/godwit');
  } finally {
    uid.mockRestore();
  }
});
