import { expect, test } from 'vitest';
import { newestVersion } from './newest-version.ts';
import { historySchema } from './schema.generated.ts';

test('the newest version is the one that the last step of the schema makes', () => {
  expect(newestVersion).toBe(historySchema.length);
});
