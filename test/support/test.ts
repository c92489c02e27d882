import { test as plain } from 'vitest';
import { createTestDatabase, type TestDatabase } from './database.ts';

/**
 * A test with an empty database of its own on the oldest server of the run, which goes when the test has ended:
 *
 *     test('a table appears', async ({ database }) => { … });
 */
export const test = plain.extend<{ readonly database: TestDatabase }>({
  // oxlint-disable-next-line no-empty-pattern -- vitest reads from the pattern which fixtures this one needs.
  database: async ({}, use) => {
    await using database = await createTestDatabase();
    await use(database);
  },
});
