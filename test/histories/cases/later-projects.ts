import type { SmallProject } from './small-project.ts';

/** Further ones: CASCADE, owned and inherited things, renames, types, transactions. */
export const laterProjects: readonly SmallProject[] = [
  {
    name: 'one CASCADE somewhere',
    runs: [
      [
        `CREATE TABLE binder (nr int PRIMARY KEY, label text NOT NULL DEFAULT 'none');
CREATE FUNCTION noted() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RETURN NEW; END $$;
CREATE TRIGGER binder_noted BEFORE UPDATE ON binder FOR EACH ROW EXECUTE FUNCTION noted();
CREATE VIEW binders AS SELECT nr FROM binder;
CREATE TABLE aside (nr int)`,
      ],
      ['DROP TABLE aside CASCADE'],
    ],
    damages: [
      'ALTER TABLE binder DISABLE TRIGGER binder_noted',
      'DROP TRIGGER binder_noted ON binder',
      'ALTER TABLE binder ALTER label DROP NOT NULL',
      'ALTER TABLE binder ALTER label DROP DEFAULT',
      'ALTER TABLE binder ALTER label TYPE varchar(8)',
      'DROP VIEW binders',
      'ALTER TABLE binder DROP COLUMN label',
    ],
  },
  {
    name: 'owned sequences go with table and column',
    runs: [
      [
        `CREATE TABLE queue (nr int NOT NULL);
CREATE SEQUENCE queue_nr_seq;
ALTER SEQUENCE queue_nr_seq OWNED BY queue.nr;
CREATE TABLE queue2 (nr int NOT NULL);
CREATE SEQUENCE queue2_nr_seq OWNED BY queue2.nr;
CREATE TABLE queue3 (nr int NOT NULL, place int NOT NULL);
CREATE SEQUENCE queue3_place_seq OWNED BY queue3.place`,
      ],
      ['DROP TABLE queue;\nDROP TABLE queue2;\nALTER TABLE queue3 DROP COLUMN place'],
    ],
  },
  {
    name: 'what a partitioned table passes on, then a partition leaves',
    runs: [
      [
        `CREATE TABLE reading (nr int, site int, note text) PARTITION BY RANGE (nr);
CREATE TABLE reading_first PARTITION OF reading FOR VALUES FROM (0) TO (100);
CREATE INDEX reading_site ON reading (site)`,
      ],
      [
        'ALTER TABLE reading ALTER COLUMN note SET NOT NULL;\nALTER TABLE reading ADD COLUMN unit int;\nDROP INDEX reading_site',
        'ALTER TABLE reading DETACH PARTITION reading_first',
      ],
    ],
  },
  {
    name: 'partitions go with their parent',
    runs: [
      [
        `CREATE TABLE task (nr int NOT NULL, phase text NOT NULL) PARTITION BY LIST (phase);
CREATE TABLE task_over PARTITION OF task FOR VALUES IN ('over');
CREATE TABLE task_other (LIKE task);
ALTER TABLE task ATTACH PARTITION task_other DEFAULT`,
      ],
      ['DROP TABLE task'],
    ],
  },
  {
    name: 'indexes of a partition belong to those of its parent',
    runs: [
      [
        `CREATE TABLE meter (nr int, site int) PARTITION BY RANGE (nr);
CREATE TABLE meter_first PARTITION OF meter FOR VALUES FROM (0) TO (100);
CREATE TABLE meter_next PARTITION OF meter FOR VALUES FROM (100) TO (200);
CREATE INDEX meter_site ON ONLY meter (site);
CREATE INDEX first_site ON meter_first (site);
CREATE INDEX next_site ON meter_next (site)`,
      ],
      ['ALTER INDEX meter_site ATTACH PARTITION first_site', 'ALTER INDEX meter_site RENAME TO meter_place'],
    ],
    damages: ['ALTER TABLE meter DETACH PARTITION meter_first', 'ALTER INDEX meter_place ATTACH PARTITION next_site'],
  },
  {
    name: 'a rename reaches dependants',
    runs: [
      [
        `CREATE TABLE dam (nr int PRIMARY KEY);
CREATE TABLE gate (nr serial PRIMARY KEY, dam int REFERENCES dam (nr));
CREATE VIEW dams AS SELECT nr FROM dam;
CREATE FUNCTION touched() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RETURN NEW; END $$;
CREATE TRIGGER gate_touched BEFORE UPDATE ON gate FOR EACH ROW EXECUTE FUNCTION touched()`,
      ],
      [
        `ALTER TABLE dam RENAME COLUMN nr TO dam_nr;
ALTER TABLE dam RENAME TO barrage;
ALTER SEQUENCE gate_nr_seq RENAME TO gate_numbers;
ALTER FUNCTION touched() RENAME TO seen`,
      ],
    ],
  },
  {
    name: 'index and sequence renamed, then their table dropped',
    runs: [
      ['CREATE TABLE guest (nr serial PRIMARY KEY, mail text UNIQUE)'],
      [
        'ALTER SEQUENCE guest_nr_seq RENAME TO visitor_nr_seq;\nALTER INDEX guest_pkey RENAME TO visitor_pkey;\nALTER INDEX guest_mail_key RENAME TO visitor_mail_key;\nALTER TABLE guest RENAME TO visitor',
        'DROP TABLE visitor',
      ],
    ],
  },
  {
    name: 'a seed row names a column that is dropped later',
    runs: [
      [
        "CREATE TABLE guest (nr int PRIMARY KEY, alias text, full_name text);\nINSERT INTO guest (nr, alias, full_name) VALUES (1, 'x', 'y')",
      ],
      ['ALTER TABLE guest DROP COLUMN full_name'],
    ],
  },
  {
    name: 'kinds that were never looked at',
    runs: [
      [
        `CREATE OPERATOR === (LEFTARG = int, RIGHTARG = int, FUNCTION = int4eq);
CREATE COLLATION swedish (provider = icu, locale = 'sv', deterministic = false);
CREATE TEXT SEARCH CONFIGURATION reading (COPY = simple);
CREATE TABLE guest (nr serial PRIMARY KEY, room int, host int REFERENCES guest);
CREATE STATISTICS guest_both ON nr, room FROM guest;
CREATE RULE stay AS ON DELETE TO guest WHERE OLD.nr = 1 DO INSTEAD NOTHING;
ALTER TABLE guest ENABLE ROW LEVEL SECURITY;
CREATE SCHEMA hall;
GRANT CREATE ON SCHEMA hall TO histories_reader`,
      ],
    ],
    damages: [
      'DROP OPERATOR === (int, int)',
      'DROP COLLATION swedish',
      'DROP TEXT SEARCH CONFIGURATION reading',
      'DROP STATISTICS guest_both',
      'ALTER TABLE guest DISABLE RULE stay',
      'ALTER TABLE guest DISABLE ROW LEVEL SECURITY',
      'ALTER TABLE guest DISABLE TRIGGER ALL',
      'ALTER SEQUENCE guest_nr_seq INCREMENT BY 10',
      'ALTER SEQUENCE guest_nr_seq OWNED BY NONE',
      'REVOKE CREATE ON SCHEMA hall FROM histories_reader',
    ],
  },
  {
    name: 'one thing of each kind takes the name of another',
    runs: [
      [
        `CREATE TABLE early (nr int PRIMARY KEY, v int);
CREATE TABLE late (nr int PRIMARY KEY, v int);
CREATE VIEW va AS SELECT 1 AS n;
CREATE VIEW vb AS SELECT 2 AS n;
CREATE FUNCTION fa() RETURNS int LANGUAGE sql AS 'select 1';
CREATE FUNCTION fb() RETURNS int LANGUAGE sql AS 'select 2';
CREATE TYPE ea AS ENUM ('p');
CREATE TYPE eb AS ENUM ('q');
CREATE INDEX ia ON late (v);
CREATE INDEX ib ON late (v, nr);
CREATE SEQUENCE sa;
CREATE SEQUENCE sb`,
      ],
      [
        `DROP TABLE early;
ALTER TABLE late RENAME TO early;
DROP VIEW va;
ALTER VIEW vb RENAME TO va;
DROP FUNCTION fa();
ALTER FUNCTION fb() RENAME TO fa;
DROP TYPE ea;
ALTER TYPE eb RENAME TO ea;
DROP INDEX ia;
ALTER INDEX ib RENAME TO ia;
DROP SEQUENCE sa;
ALTER SEQUENCE sb RENAME TO sa`,
      ],
    ],
  },
  {
    name: 'column and table exchanged in later runs',
    runs: [
      ['CREATE TABLE meter (nr int PRIMARY KEY, v int)'],
      [
        'ALTER TABLE meter ADD COLUMN v_wide bigint;\nUPDATE meter SET v_wide = v;\nALTER TABLE meter DROP COLUMN v;\nALTER TABLE meter RENAME COLUMN v_wide TO v',
      ],
      [
        'CREATE TABLE meter_next (LIKE meter INCLUDING ALL);\nINSERT INTO meter_next SELECT * FROM meter;\nDROP TABLE meter;\nALTER TABLE meter_next RENAME TO meter',
      ],
    ],
  },
  {
    name: 'types and schemas renamed under signatures',
    runs: [
      [
        `CREATE TYPE tone AS ENUM ('low');
CREATE FUNCTION hum() RETURNS tone LANGUAGE sql AS $$ SELECT 'low'::tone $$;
CREATE FUNCTION sing(t tone) RETURNS int LANGUAGE sql AS $$ SELECT 2 $$;
COMMENT ON TYPE tone IS 'tone';
CREATE SCHEMA score;
CREATE DOMAIN score.beat AS int;
CREATE FUNCTION score.play(b score.beat) RETURNS int LANGUAGE sql AS $$ SELECT 2 $$`,
        'ALTER TYPE tone RENAME TO pitch;\nALTER SCHEMA score RENAME TO sheet',
      ],
    ],
  },
  {
    name: 'a temporary table across ADD VALUE',
    runs: [
      ["CREATE TYPE tone AS ENUM ('low');\nCREATE TABLE song (nr int, t tone)"],
      [
        "CREATE TEMP TABLE twice AS SELECT nr FROM song;\nALTER TYPE tone ADD VALUE 'high';\nDELETE FROM song WHERE nr IN (SELECT nr FROM twice);\nDROP TABLE twice",
      ],
    ],
  },
  {
    name: 'BEGIN … COMMIT around a part of a file',
    runs: [
      ["CREATE TYPE tone AS ENUM ('low', 'flat');\nCREATE TABLE song (nr int, t tone)"],
      [
        `BEGIN;
CREATE TYPE tone_next AS ENUM ('low');
ALTER TABLE song ALTER COLUMN t TYPE tone_next USING (t::text::tone_next);
ALTER TYPE tone RENAME TO tone_former;
ALTER TYPE tone_next RENAME TO tone;
DROP TYPE tone_former;
COMMIT;
ALTER TABLE song ADD COLUMN bars int`,
      ],
    ],
  },
  {
    name: 'SET TRANSACTION first',
    runs: [['BEGIN;\nSET TRANSACTION ISOLATION LEVEL REPEATABLE READ;\nCREATE TABLE song (nr int);\nCOMMIT']],
  },
];
