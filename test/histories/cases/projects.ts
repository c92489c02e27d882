import type { SmallProject } from './small-project.ts';

/** Applied in these runs by psql and by godwit alike, and nothing to complain about. */
export const projects: readonly SmallProject[] = [
  {
    name: 'ALTER … IF EXISTS on nothing',
    runs: [
      ['CREATE TABLE pump (nr int)'],
      ['ALTER TABLE IF EXISTS valve ADD COLUMN bar int;\nALTER TABLE IF EXISTS hose RENAME TO pipe'],
    ],
  },
  {
    name: 'what alters without naming a new fact',
    runs: [
      [
        `CREATE TABLE pump (nr int PRIMARY KEY, bar int, twice int GENERATED ALWAYS AS (bar * 2) STORED);
CREATE VIEW bars AS SELECT nr, bar FROM pump;
CREATE POLICY under ON pump USING (bar > 0);
CREATE SEQUENCE turns;
CREATE TYPE size AS (w int);
CREATE DOMAIN psi AS int;
CREATE INDEX pump_bar ON pump (bar)`,
      ],
      [
        `ALTER TABLE pump SET (fillfactor = 75);
ALTER TABLE pump REPLICA IDENTITY FULL;
ALTER VIEW bars SET (security_barrier = true);
ALTER VIEW bars RENAME COLUMN bar TO pressure;
ALTER POLICY under ON pump USING (bar > 7);
ALTER SEQUENCE turns INCREMENT BY 3;
ALTER TYPE size ADD ATTRIBUTE h text;
ALTER DOMAIN psi ADD CONSTRAINT pressed CHECK (VALUE > 0);
ALTER INDEX pump_bar SET (fillfactor = 55)`,
      ],
    ],
  },
  {
    name: 'a later run that only drops',
    runs: [
      [
        `CREATE TABLE pump (nr int PRIMARY KEY, old int, bar int, tag text DEFAULT lower('T'), CONSTRAINT aged CHECK (old > 0), CONSTRAINT pressed CHECK (bar > 0));
CREATE INDEX pump_tag ON pump (tag) WHERE tag <> '';
CREATE POLICY under ON pump USING (bar > 0);
CREATE FUNCTION one() RETURNS int LANGUAGE sql AS 'select 1'`,
      ],
      ['ALTER TABLE pump DROP COLUMN old'],
    ],
    damages: [
      "ALTER TABLE pump ALTER tag SET DEFAULT 'mine'",
      "DROP INDEX pump_tag; CREATE INDEX pump_tag ON pump (tag) WHERE tag <> 'other'",
      'ALTER TABLE pump DROP CONSTRAINT pressed, ADD CONSTRAINT pressed CHECK (bar > -999)',
      'ALTER POLICY under ON pump USING (true)',
      "CREATE OR REPLACE FUNCTION one() RETURNS int LANGUAGE sql AS 'select 2'",
    ],
  },
  {
    name: 'what others added and weakened before a run that only drops',
    runs: [
      [
        'CREATE TABLE pump (nr int PRIMARY KEY, old int, bar int, tag text, CONSTRAINT pressed CHECK (bar > 0));\nCREATE POLICY under ON pump USING (bar > 0)',
      ],
      ['ALTER TABLE pump DROP COLUMN old'],
    ],
    others: [
      "ALTER TABLE pump ALTER tag SET DEFAULT 'mine'",
      'ALTER TABLE pump DROP CONSTRAINT pressed, ADD CONSTRAINT pressed CHECK (bar > -999)',
      'ALTER POLICY under ON pump USING (true)',
      "CREATE FUNCTION theirs_swallow() RETURNS trigger LANGUAGE plpgsql AS 'begin return null; end'",
      'CREATE TRIGGER theirs_first BEFORE INSERT ON pump FOR EACH ROW EXECUTE FUNCTION theirs_swallow()',
      'ALTER TABLE pump ADD COLUMN theirs_extra int',
    ],
  },
  {
    name: 'changed inside of DO',
    runs: [
      ['CREATE TABLE pump (bar int, was text, UNIQUE (bar));\nCREATE UNIQUE INDEX pump_was ON pump (was)'],
      [
        `DO $$ BEGIN
  IF EXISTS (SELECT FROM information_schema.columns WHERE table_name = 'pump' AND column_name = 'was') THEN
    ALTER TABLE pump RENAME COLUMN was TO is_now;
  END IF;
  DROP INDEX pump_was;
  ALTER TABLE pump ALTER COLUMN bar TYPE bigint;
END $$`,
      ],
    ],
  },
  {
    name: 'a column exchanged within one file',
    runs: [
      [
        `CREATE TABLE bolt (nr int PRIMARY KEY, thread int NOT NULL);
ALTER TABLE bolt ADD COLUMN thread_next text;
ALTER TABLE bolt DROP COLUMN thread;
ALTER TABLE bolt RENAME COLUMN thread_next TO thread`,
      ],
    ],
  },
  {
    name: 'a constraint dropped and added without a name',
    runs: [
      [
        'CREATE TABLE maker (nr int PRIMARY KEY);\nCREATE TABLE bolt (nr int PRIMARY KEY, maker int REFERENCES maker (nr))',
      ],
      [
        'ALTER TABLE bolt DROP CONSTRAINT bolt_maker_fkey;\nALTER TABLE bolt ADD FOREIGN KEY (maker) REFERENCES maker (nr) ON DELETE CASCADE',
      ],
    ],
  },
  {
    name: 'grants and comments of what is dropped',
    runs: [
      [
        `CREATE FUNCTION turn(int) RETURNS int LANGUAGE sql AS 'select 3';
GRANT EXECUTE ON FUNCTION turn(int) TO PUBLIC;
CREATE TABLE bolt (nr int, mm int, CONSTRAINT thick CHECK (nr > 0));
COMMENT ON CONSTRAINT thick ON bolt IS 'thick';
CREATE INDEX bolt_mm ON bolt (mm);
COMMENT ON INDEX bolt_mm IS 'by size';
CREATE TYPE head AS ENUM ('hex');
GRANT USAGE ON TYPE head TO PUBLIC`,
      ],
      [
        'DROP FUNCTION turn(int);\nALTER TABLE bolt DROP CONSTRAINT thick;\nALTER TABLE bolt DROP COLUMN mm;\nDROP TYPE head',
      ],
    ],
  },
  {
    name: 'keys of an index with a collation',
    runs: [
      [
        `CREATE TABLE page (book text NOT NULL, label text NOT NULL);
CREATE INDEX page_label ON page (book, (label COLLATE "C"));
CREATE INDEX page_label2 ON page (book, label COLLATE "C")`,
      ],
    ],
  },
  {
    name: 'an index renamed in a later run',
    runs: [
      ['CREATE TABLE page (nr int PRIMARY KEY, leaf int);\nCREATE INDEX page_leaf ON page (leaf)'],
      ['ALTER INDEX page_leaf RENAME TO page_by_leaf'],
    ],
  },
  {
    name: 'every kind of name used again without being said',
    runs: [
      [
        `CREATE TABLE binder (nr int PRIMARY KEY);
CREATE TABLE sheet (x int NOT NULL, y int NOT NULL, binder int REFERENCES binder (nr) ON DELETE CASCADE, gram int CHECK (gram > 0));
ALTER TABLE sheet ADD CONSTRAINT sheet_pkey PRIMARY KEY (x);
CREATE INDEX ON sheet (y);
CREATE TABLE stamp (code text UNIQUE)`,
      ],
      [
        `ALTER TABLE sheet DROP CONSTRAINT sheet_binder_fkey, ADD FOREIGN KEY (binder) REFERENCES binder (nr) DEFERRABLE;
ALTER TABLE sheet DROP CONSTRAINT sheet_pkey, ADD PRIMARY KEY (x, y);
ALTER TABLE sheet DROP CONSTRAINT sheet_gram_check;
ALTER TABLE sheet ADD CHECK (gram > 60);
DROP INDEX sheet_y_idx;
CREATE INDEX ON sheet (y) WHERE y > 0;
ALTER TABLE stamp DROP CONSTRAINT stamp_code_key;
ALTER TABLE stamp ADD UNIQUE (code)`,
      ],
    ],
  },
];
