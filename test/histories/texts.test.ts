import { expect, test } from 'vitest';
import { createTestDatabase, majors } from '../support/database.ts';
import { createProject } from '../support/project.ts';

const base = `CREATE TABLE log (nr int PRIMARY KEY, line text);
CREATE PROCEDURE steps() LANGUAGE plpgsql AS $$ BEGIN INSERT INTO log VALUES (70); COMMIT; END $$;
`;

/** A second file, and the exit code of `up`; where it is 0, `verify` has nothing to say either. */
const texts: readonly (readonly [text: string, exitCode: number])[] = [
  ['\\set ON_ERROR_STOP on\nSELECT 1;', 0],
  ['\\set limit 9\nSELECT 1;', 10],
  ['\\timing on\nSELECT 1;', 0],
  ['\\pset pager off\nSELECT 1;', 0],
  ['\\echo begins\nSELECT 1;', 0],
  ['\\encoding UTF8\nSELECT 1;', 10],
  ['\\unrestrict tok\nSELECT 1;', 0],
  ['\\i more.sql', 10],
  ['\\connect elsewhere', 10],
  ['\\if true\nSELECT 1;\n\\endif', 10],
  ["\\copy log FROM 'lines.csv'", 10],
  ["SELECT 'CREATE TABLE made (a int)' \\gexec", 10],
  ['SELECT 1 AS one \\gset', 10],
  ['SELECT 1 \\g', 10],
  ['\\! date', 10],
  ["INSERT INTO log VALUES (:nr, :'line');", 10],
  ['COPY log FROM stdin WITH (FORMAT csv);\n1,a\n\\.\n', 0],
  ['BEGIN;\nCREATE TABLE one (a int);\nCOMMIT;', 0],
  ['BEGIN;\nCREATE TABLE one (a int);\nCOMMIT;\nCREATE TABLE two (a int);', 0],
  ['CREATE TABLE one (a int);\nCOMMIT;', 0],
  ['BEGIN;\nCREATE TABLE one (a int);\nROLLBACK;', 10],
  ['CREATE TABLE one (a int);\nCOMMIT;\nCREATE TABLE two (a int);', 0],
  ['SAVEPOINT here;\nCREATE TABLE one (a int);\nROLLBACK TO here;\nRELEASE here;', 0],
  ['BEGIN;\nCREATE INDEX CONCURRENTLY line_ix ON log (line);\nCOMMIT;', 10],
  ['SET TRANSACTION ISOLATION LEVEL SERIALIZABLE;\nCREATE TABLE one (a int);', 0],
  ['VACUUM ANALYZE log;', 0],
  ['VACUUM FULL log;\nCREATE TABLE one (a int);', 0],
  ['REINDEX TABLE CONCURRENTLY log;\nREINDEX INDEX log_pkey;\nREINDEX SCHEMA public;', 0],
  ['CREATE INDEX CONCURRENTLY line_ix ON log (line);\nDROP INDEX CONCURRENTLY line_ix;', 0],
  ['CREATE INDEX CONCURRENTLY ON log (line);', 10],
  ['CREATE INDEX CONCURRENTLY IF NOT EXISTS line_ix ON log (line);\nREINDEX INDEX CONCURRENTLY line_ix;', 0],
  ['CLUSTER log USING log_pkey;', 0],
  ['CALL steps();', 40],
  ['DO $$ BEGIN COMMIT; END $$;', 40],
  ["DO $$ BEGIN EXECUTE 'CREATE INDEX CONCURRENTLY line_ix ON log (line)'; END $$;", 40],
  ["SET session_replication_role = replica;\nINSERT INTO log VALUES (5, 'x');", 0],
  ["SELECT pg_sleep(0.05), pg_notify('log', 'b');", 0],
  ['SELECT pg_advisory_lock(4);', 0],
  ['RESET ALL;', 0],
  ['DROP SCHEMA godwit CASCADE;', 10],
  ['CREATE SCHEMA beside;\nSET search_path = beside;\nCREATE TABLE migration (a int);\nCREATE TABLE run (b int);', 0],
  [
    "CREATE FUNCTION public.now() RETURNS timestamptz LANGUAGE sql AS $$ SELECT '2001-01-01'::timestamptz $$;\nSET search_path = public, pg_catalog;",
    0,
  ],
  ["PREPARE TRANSACTION 'both';", 10],
  ["COMMIT PREPARED 'none';", 40],
  ['SET default_transaction_read_only = on;', 0],
  ['/* never ends', 10],
  ["SELECT 'never ends;", 10],
  ['SELECT $$never ends;', 10],
  ['CREATE TABLE one (a int) CREATE TABLE two (b int);', 10],
  ['CREATE TABEL one (a int);', 10],
  ['CREATE FUNCTION typo() RETURNS int LANGUAGE plpgsql AS $$ BEGIN RETRUN 1; END $$;', 40],
  ['CREATE FUNCTION lost() RETURNS int LANGUAGE sql AS $$ SELECT none FROM log $$;', 40],
  ["INSERT INTO log VALUES (1, 'a'), (1, 'b');", 40],
];

test.each(majors)(
  'each text ends as it is said here, and what is applied is verified (PostgreSQL %i)',
  async (major) => {
    const wrong: string[] = [];
    const queue = [...texts];
    const work = async (): Promise<void> => {
      for (let next = queue.shift(); next !== undefined; next = queue.shift()) {
        const [text, exitCode] = next;
        await using database = await createTestDatabase(major);
        using project = createProject({ 'migrations/1_base.sql': base, 'migrations/2_text.sql': text }, database.url);
        const ran = await project.run('up');
        if (ran.exitCode !== exitCode) wrong.push(`${text}\n  ends with ${ran.exitCode}, not ${exitCode}: ${ran.err}`);
        if (ran.exitCode !== 0 || exitCode !== 0) continue;
        const verified = await project.run('verify', '--strict');
        if (verified.exitCode !== 0) wrong.push(`${text}\n  verify: ${verified.shown}`);
      }
    };
    await Promise.all(Array.from({ length: 3 }, work));
    expect(wrong).toEqual([]);
  },
  600_000,
);
