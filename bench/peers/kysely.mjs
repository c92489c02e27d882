// kysely: one ES module per migration, all in one transaction (its default). `status` is `getMigrations`.
import { promises as fs } from 'node:fs';
import path from 'node:path';

import { Kysely, PostgresDialect } from 'kysely';
import { FileMigrationProvider, Migrator } from 'kysely/migration';
import pg from 'pg';

const [verb, folder] = process.argv.slice(2);
const pool = new pg.Pool({ connectionString: process.env.DATABASE_URL, max: 1 });
const database = new Kysely({ dialect: new PostgresDialect({ pool }) });
const provider = new FileMigrationProvider({ fs, path, migrationFolder: folder });
const migrator = new Migrator({ db: database, provider });
if (verb === 'status') {
  console.log((await migrator.getMigrations()).filter((one) => one.executedAt === undefined).length);
} else {
  const { error, results } = await migrator.migrateToLatest();
  if (error !== undefined) throw error;
  console.log(results.length);
}
await database.destroy();
