import type { Matrix } from './matrix.ts';

/** CREATE of every kind, rows, settings, and what leaves nothing behind. */
export const creations: Matrix = {
  name: 'creations',
  base: `
CREATE TABLE book (nr int PRIMARY KEY, title text, pages int, printed timestamptz DEFAULT now());
INSERT INTO book VALUES (1, 'one', 100), (2, 'two', 200);
`,
  lines: `
CREATE TABLE kinds (c1 char(4), c2 varchar, c3 "char", c4 bit varying(5), c5 timestamp(2), c6 time with time zone, c7 interval day to second(1), c8 numeric, c9 float(22), c10 float(41), c11 double precision[][], c12 int[4], c13 character varying(6)[], c14 bpchar, c15 bit, c16 national character varying(4), c17 dec(6), c18 interval year, c19 xml, c20 jsonb, c21 name, c22 oid, c23 regclass, c24 int4range, c25 tsvector, c26 uuid)
CREATE TABLE serials (a serial, b bigserial, c smallserial, d serial4, e serial8 UNIQUE)
CREATE TABLE presets (a int DEFAULT -7, b text DEFAULT 'it''s so', c text DEFAULT E'one\\ntwo', d bool DEFAULT true, e bool DEFAULT 'f', f date DEFAULT '2023-2-5', g numeric DEFAULT 2e3, h int DEFAULT '8', i timestamptz DEFAULT '2023-03-01', j jsonb DEFAULT '{"y": 1,   "x":2}', k text[] DEFAULT '{p,q}', l text[] DEFAULT ARRAY['r'], m text DEFAULT NULL, n interval DEFAULT '2 hours', o char(6) DEFAULT 'b', p varchar(4) DEFAULT 'defg', q bytea DEFAULT '\\x01fe', r money DEFAULT 6, s inet DEFAULT '10.1.1.1', t float8 DEFAULT 0.2, u bit(3) DEFAULT B'110', v text DEFAULT U&'\\0042', w text DEFAULT '', x int DEFAULT 2 + 2, y int DEFAULT (6), z text DEFAULT CURRENT_USER)
CREATE TABLE booking (lo int, hi int, CONSTRAINT apart EXCLUDE USING gist (int4range(lo, hi) WITH &&) WHERE (lo > 0) DEFERRABLE INITIALLY DEFERRED)
CREATE TABLE lease (nr int, during daterange, PRIMARY KEY (nr, during WITHOUT OVERLAPS))
CREATE EXTENSION btree_gist ;; CREATE TABLE lease (nr int, during daterange, PRIMARY KEY (nr, during WITHOUT OVERLAPS))
CREATE TABLE strictness (a int NOT NULL NO INHERIT, b int CONSTRAINT b_given NOT NULL, c int NULL, CONSTRAINT a_positive CHECK (a > 0) NO INHERIT)
CREATE TABLE computed (a int, b int GENERATED ALWAYS AS (a + 3) VIRTUAL, c int GENERATED ALWAYS AS (a + 4))
CREATE TABLE lax (a int CHECK (a > 0) NOT ENFORCED, b int REFERENCES book NOT ENFORCED)
CREATE TABLE hollow AS SELECT 1 AS one, 'y'::text AS two WITH NO DATA
SELECT 5 AS five INTO fives
CREATE TABLE like_book (LIKE book INCLUDING ALL, more int)
CREATE TYPE pair AS (l int, r text) ;; CREATE TABLE pairs OF pair (l PRIMARY KEY, r WITH OPTIONS DEFAULT 'right')
CREATE UNLOGGED TABLE quick (a int) WITH (fillfactor=40, autovacuum_enabled=false)
CREATE TEMP TABLE aside (a int) ;; INSERT INTO aside VALUES (1) ;; CREATE TABLE from_aside AS SELECT * FROM aside
CREATE TEMP VIEW glance AS SELECT 1 ;; CREATE TEMP SEQUENCE steps ;; CREATE TEMP TABLE book (nr int) ;; INSERT INTO book VALUES (55) ;; DROP TABLE book
CREATE UNIQUE INDEX title_once ON book (title) NULLS NOT DISTINCT
CREATE INDEX title_words ON book USING gin (to_tsvector('english', title))
CREATE INDEX many_keys ON book (title text_pattern_ops DESC NULLS LAST, lower(title) COLLATE "C", (pages % 5)) INCLUDE (printed) WITH (fillfactor = 75) WHERE pages IS NOT NULL
CREATE INDEX by_print ON book USING brin (printed) WITH (pages_per_range = 16)
CREATE INDEX only_pages ON ONLY book (pages)
CREATE INDEX CONCURRENTLY pages_later ON book (pages)
CREATE INDEX ON book (pages, title) ;; CREATE INDEX ON book (pages, title)
CREATE RECURSIVE VIEW upward (n) AS VALUES (1) UNION ALL SELECT n + 1 FROM upward WHERE n < 7
CREATE VIEW thick WITH (security_invoker) AS SELECT * FROM book WHERE pages > 0 WITH LOCAL CHECK OPTION
CREATE MATERIALIZED VIEW later AS SELECT * FROM book WITH NO DATA
CREATE MATERIALIZED VIEW later AS SELECT * FROM book WITH NO DATA ;; REFRESH MATERIALIZED VIEW later
CREATE MATERIALIZED VIEW shelf AS SELECT * FROM book ;; CREATE UNIQUE INDEX ON shelf (nr) ;; REFRESH MATERIALIZED VIEW CONCURRENTLY shelf
CREATE FUNCTION many_ways(a int, OUT b int, INOUT c text DEFAULT 'x', VARIADIC d int[] DEFAULT '{}') LANGUAGE sql AS 'select 2, $2'
CREATE FUNCTION with_all(int, int DEFAULT 3) RETURNS SETOF book LANGUAGE sql STABLE STRICT PARALLEL SAFE LEAKPROOF COST 12 ROWS 6 SECURITY DEFINER SET search_path = public, pg_temp AS 'select * from book'
CREATE FUNCTION first_of(a anyelement, b anyarray) RETURNS anyelement LANGUAGE sql AS 'select a'
CREATE FUNCTION title_of(a book.pages%TYPE, b book) RETURNS book.title%TYPE LANGUAGE sql AS 'select $2.title'
CREATE FUNCTION sized(a varchar(11), b numeric(6,2)[]) RETURNS varchar(21) LANGUAGE sql AS 'select $1'
CREATE FUNCTION titles() RETURNS TABLE (nr int, t text) LANGUAGE sql AS $$ SELECT nr, title FROM book $$ ROWS 4
CREATE FUNCTION spelled(a float, b real, c decimal, d char, e "char", f time, g timestamptz(2)) RETURNS void LANGUAGE sql AS ''
CREATE FUNCTION plus_one(x int) RETURNS int RETURN x + 1
CREATE PROCEDURE three(a int, INOUT b int, OUT c text) LANGUAGE plpgsql AS $$ BEGIN b := 2; c := 'y'; END $$
CREATE AGGREGATE mean (float8) (SFUNC = float8_accum, STYPE = float8[], FINALFUNC = float8_avg, INITCOND = '{0,0,0}')
CREATE AGGREGATE rows_seen (*) (SFUNC = int8inc, STYPE = int8, INITCOND = '0')
CREATE AGGREGATE commonest (ORDER BY anyelement) (SFUNC = ordered_set_transition, STYPE = internal, FINALFUNC = mode_final, FINALFUNC_EXTRA)
CREATE TYPE span AS RANGE (SUBTYPE = float8, SUBTYPE_DIFF = float8mi, MULTIRANGE_TYPE_NAME = spans) ;; CREATE TABLE spanned (a span, b spans)
CREATE TYPE raw ;; CREATE FUNCTION raw_in(cstring) RETURNS raw AS 'textin' LANGUAGE internal STRICT IMMUTABLE ;; CREATE FUNCTION raw_out(raw) RETURNS cstring AS 'textout' LANGUAGE internal STRICT IMMUTABLE ;; CREATE TYPE raw (INPUT = raw_in, OUTPUT = raw_out, LIKE = text)
CREATE DOMAIN isbn AS text COLLATE "C" DEFAULT '978' NOT NULL CONSTRAINT starts CHECK (VALUE ~ '^978') CHECK (length(VALUE) < 18) ;; CREATE DOMAIN isbns AS isbn[] ;; CREATE TABLE catalogued (a isbn, b isbns, c isbn[])
CREATE EXTENSION citext SCHEMA public ;; CREATE TABLE mails (address citext UNIQUE)
CREATE EXTENSION IF NOT EXISTS hstore WITH SCHEMA public VERSION '1.8' CASCADE
CREATE FOREIGN DATA WRAPPER far ;; CREATE SERVER far_one FOREIGN DATA WRAPPER far ;; CREATE FOREIGN TABLE far_table (a int NOT NULL, b text OPTIONS (p 'q')) SERVER far_one OPTIONS (k 'v') ;; CREATE USER MAPPING FOR CURRENT_USER SERVER far_one
CREATE CONSTRAINT TRIGGER at_end AFTER INSERT OR UPDATE ON book DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION suppress_redundant_updates_trigger()
CREATE FUNCTION told() RETURNS event_trigger LANGUAGE plpgsql AS $$ BEGIN NULL; END $$ ;; CREATE EVENT TRIGGER on_drop ON sql_drop WHEN TAG IN ('DROP TABLE') EXECUTE FUNCTION told() ;; ALTER EVENT TRIGGER on_drop DISABLE ;; COMMENT ON EVENT TRIGGER on_drop IS 'told' ;; DROP EVENT TRIGGER on_drop
CREATE TEXT SEARCH DICTIONARY plain (TEMPLATE = simple, STOPWORDS = english) ;; CREATE TEXT SEARCH CONFIGURATION reading (COPY = english) ;; ALTER TEXT SEARCH CONFIGURATION reading ALTER MAPPING FOR word WITH plain
CREATE OPERATOR CLASS own_order FOR TYPE int USING btree AS OPERATOR 1 <, OPERATOR 2 <=, OPERATOR 3 =, OPERATOR 4 >=, OPERATOR 5 >, FUNCTION 1 btint4cmp(int,int)
CREATE OPERATOR === (LEFTARG = int, RIGHTARG = int, FUNCTION = int4eq) ;; CREATE COLLATION german (provider = icu, locale = 'de', deterministic = false)
CREATE CONVERSION to_latin FOR 'UTF8' TO 'LATIN1' FROM utf8_to_iso8859_1
CREATE ACCESS METHOD pile TYPE TABLE HANDLER heap_tableam_handler ;; CREATE TABLE piled (a int) USING pile
SELECT lo_create(54321) ;; COMMENT ON LARGE OBJECT 54321 IS 'large' ;; GRANT SELECT ON LARGE OBJECT 54321 TO PUBLIC
CREATE SCHEMA library AUTHORIZATION CURRENT_USER CREATE TABLE loan (nr int PRIMARY KEY) CREATE VIEW loans AS SELECT * FROM loan CREATE INDEX loan_nr ON loan (nr) GRANT SELECT ON loan TO PUBLIC
CREATE TABLE counted (a int) ;; INSERT INTO counted SELECT generate_series(1,12) ;; ANALYZE counted ;; VACUUM counted
TRUNCATE book ;; INSERT INTO book VALUES (1, 'anew', 9)
UPDATE book SET title = 'other' ;; DELETE FROM book WHERE nr = 2 ;; MERGE INTO book USING (VALUES (1, 'merged')) v(nr, title) ON book.nr = v.nr WHEN MATCHED THEN UPDATE SET title = v.title
PREPARE ask AS SELECT 1 ;; EXECUTE ask ;; DEALLOCATE ask
LISTEN shelves ;; NOTIFY shelves, 'moved' ;; UNLISTEN *
SET CONSTRAINTS ALL DEFERRED ;; SET TIME ZONE 'Europe/Berlin' ;; CREATE TABLE dated (a timestamptz DEFAULT '2023-01-01 00:00:00', b date DEFAULT '01/02/2023')
SET DateStyle = 'German, DMY' ;; CREATE TABLE german_dates (b date DEFAULT '1.2.2023') ;; INSERT INTO german_dates VALUES ('3.4.2023')
EXPLAIN SELECT 1 ;; SHOW work_mem ;; VALUES (1) ;; TABLE book ;; CHECKPOINT
`,
};
