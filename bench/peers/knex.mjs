// knex: one CommonJS module per migration, a transaction each (its default). `status` is `migrate.list`.
import knex from 'knex';

const [verb, folder] = process.argv.slice(2);
const database = knex({
  client: 'pg',
  connection: process.env.DATABASE_URL,
  pool: { min: 0, max: 1 },
  migrations: { directory: folder, loadExtensions: ['.cjs'] },
});
if (verb === 'status') console.log((await database.migrate.list())[1].length);
else console.log((await database.migrate.latest())[1].length);
await database.destroy();
