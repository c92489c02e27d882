// dbmate: a program in Go that npm delivers; its npm command does what this does: it finds the program, starts it, and
// waits. A transaction for each migration (its default). The dump of the schema, which needs pg_dump, is left out.
import { spawnSync } from 'node:child_process';
import { createRequire } from 'node:module';

const [verb, folder] = process.argv.slice(2);
const program = createRequire(import.meta.url).resolve(`@dbmate/${process.platform}-${process.arch}/bin/dbmate`);
const address = new URL(process.env.DATABASE_URL);
address.searchParams.set('sslmode', 'disable');
const flags = ['--url', address.href, '--migrations-dir', folder, '--no-dump-schema'];
const { status } = spawnSync(program, [...flags, verb === 'up' ? 'migrate' : 'status'], { stdio: 'inherit' });
process.exitCode = status ?? 1;
