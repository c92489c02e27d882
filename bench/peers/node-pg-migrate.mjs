// node-pg-migrate: plain SQL files, all in one transaction (its command line's default). `status` is a dry run with nothing pending.
import { runner } from 'node-pg-migrate';

const [verb, folder] = process.argv.slice(2);
const quiet = () => {};
const done = await runner({
  databaseUrl: process.env.DATABASE_URL,
  dir: folder,
  direction: 'up',
  migrationsTable: 'pgmigrations',
  singleTransaction: true,
  dryRun: verb === 'status',
  logger: { debug: quiet, info: quiet, warn: quiet, error: console.error },
});
console.log(done.length);
