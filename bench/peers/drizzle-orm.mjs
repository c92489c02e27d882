// drizzle-orm: SQL files and a journal, all in one transaction. It has no status command; `migrate` with nothing
// pending serves as one.
import { drizzle } from 'drizzle-orm/node-postgres';
import { migrate } from 'drizzle-orm/node-postgres/migrator';
import pg from 'pg';

const [, folder] = process.argv.slice(2);
const client = new pg.Client({ connectionString: process.env.DATABASE_URL });
await client.connect();
await migrate(drizzle(client), { migrationsFolder: folder });
await client.end();
