// The minimum that a job on Node must do before its first byte reaches the server: load `pg`, and connect.
import { Client } from 'pg';

const client = new Client({ connectionString: process.env.DATABASE_URL });
await client.connect();
await client.end();
