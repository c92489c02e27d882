import type { Dice } from '../dice.ts';
import type { Routine, World } from '../world.ts';
import { cascade, column, name, on, placed, relations, roles, table, type, written, type Family } from './proposal.ts';

function triggerFunction(world: World, dice: Dice): Routine | undefined {
  return dice.one(world.routines.filter(({ returns }) => returns === 'trigger'));
}

function keyword({ kind }: Routine): string {
  return kind === 'p' ? 'PROCEDURE' : kind === 'a' ? 'AGGREGATE' : 'FUNCTION';
}

/** What a trigger function does; nearly always it lets the row through. */
function triggerBody(dice: Dice): string {
  return dice.of(
    'RETURN NEW;',
    'RETURN NEW;',
    'RETURN NEW;',
    'PERFORM 1; RETURN NEW;',
    'RETURN OLD;',
    `RAISE DEBUG 'x'; RETURN COALESCE(NEW, OLD);`,
  );
}

const ofPlain = (world: World, dice: Dice) => dice.one(world.routines.filter(({ kind }) => kind !== 'a'));

/** Functions, procedures, aggregates, triggers and event triggers. */
export const routineFamily: Family = [
  [
    4,
    (w, d) =>
      `CREATE ${d.maybe(0.3) ? 'OR REPLACE ' : ''}FUNCTION ${name(d, 'fn')}(${d.of('', 'a int', 'a int, b text DEFAULT $q$x$q$', `a ${type(w, d)}`, 'VARIADIC a int[]', 'a numeric(5,2), b varchar(9)')}) RETURNS ${d.of('int', 'text', 'void', type(w, d), 'SETOF int')} LANGUAGE ${d.of('sql', `plpgsql ${d.of('STABLE', 'STRICT', 'SECURITY DEFINER', 'COST 20', 'SET search_path = public, pg_temp')}`)} AS $f$ ${d.of('SELECT NULL', 'BEGIN RETURN NULL; END', 'BEGIN RETURN; END', 'SELECT 1')} $f$`,
  ],
  [
    1,
    on(
      (w, d) => d.one(relations(w, 'rv')),
      ({ q, columns }, d) =>
        `CREATE FUNCTION ${name(d, 'rows')}() RETURNS ${d.of(`SETOF ${q}`, 'bigint', 'TABLE (one int)')} LANGUAGE sql STABLE ${d.of(`AS $f$ SELECT * FROM ${q} $f$`, `BEGIN ATOMIC SELECT count(${columns[0]?.n}) FROM ${q}; END`, 'AS $f$ SELECT 1 $f$')}`,
    ),
  ],
  [
    1,
    on(
      column,
      ({ of, column }, d) =>
        `CREATE FUNCTION ${name(d, 'by')}(a ${of.q}.${column.n}%TYPE) RETURNS int LANGUAGE sql IMMUTABLE AS 'select 1'`,
    ),
  ],
  [
    1,
    (_w, d) =>
      `CREATE PROCEDURE ${name(d, 'proc')}(${d.of('', 'a int', 'INOUT b int', 'a int, OUT c text')}) LANGUAGE plpgsql AS $f$ BEGIN NULL; END $f$`,
  ],
  [1, (_w, d) => `CREATE AGGREGATE ${name(d, 'agg')} (int) (SFUNC = int4pl, STYPE = int, INITCOND = '${d.upTo(3)}')`],
  [
    3,
    (w, d) =>
      `CREATE ${d.maybe(0.3) ? 'OR REPLACE ' : ''}FUNCTION ${placed(w, d, 'tg')}() RETURNS trigger LANGUAGE plpgsql AS $f$ BEGIN ${triggerBody(d)} END $f$`,
  ],
  [
    5,
    on(triggerFunction, (fn, d, w) => {
      const of = table(w, d);
      const timing = d.of(
        'BEFORE INSERT',
        'BEFORE UPDATE',
        'AFTER INSERT OR UPDATE OR DELETE',
        'AFTER UPDATE',
        'BEFORE INSERT OR UPDATE',
        'AFTER TRUNCATE',
      );
      const each = timing.includes('TRUNCATE') ? 'STATEMENT' : d.of('ROW', 'ROW', 'STATEMENT');
      return of === undefined
        ? undefined
        : `CREATE ${d.maybe(0.15) ? 'OR REPLACE ' : ''}TRIGGER ${name(d, 'tr')} ${timing} ON ${written(d, of.q)} FOR EACH ${each} EXECUTE FUNCTION ${fn.q}`;
    }),
  ],
  [
    1,
    on(triggerFunction, (fn, d, w) =>
      table(w, d) === undefined
        ? undefined
        : `CREATE CONSTRAINT TRIGGER ${name(d, 'ctr')} AFTER INSERT ON ${table(w, d)?.q} DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION ${fn.q}`,
    ),
  ],
  [
    1,
    on(
      (w, d) => d.one(relations(w, 'v')),
      ({ q }, d, w) =>
        triggerFunction(w, d) === undefined
          ? undefined
          : `CREATE TRIGGER ${name(d, 'inst')} INSTEAD OF INSERT ON ${q} FOR EACH ROW EXECUTE FUNCTION ${triggerFunction(w, d)?.q}`,
    ),
  ],
  [
    4,
    on(
      (w, d) => d.one(w.triggers),
      ({ n, of }, d) =>
        d.of(
          `DROP TRIGGER ${n} ON ${of}`,
          `ALTER TRIGGER ${n} ON ${of} RENAME TO ${name(d, 'tr')}`,
          `ALTER TABLE ${of} DISABLE TRIGGER ${n}`,
          `ALTER TABLE ${of} ENABLE ${d.of('', 'ALWAYS ', 'REPLICA ')}TRIGGER ${n}`,
          `DROP TRIGGER IF EXISTS ${n} ON ${of}`,
        ),
    ),
  ],
  [
    2,
    on(
      (w, d) => d.one(w.triggers),
      ({ n, of }, d, w) => {
        const fn = triggerFunction(w, d);
        return fn === undefined
          ? undefined
          : [
              `DROP TRIGGER ${n} ON ${of}`,
              `CREATE TRIGGER ${n} AFTER UPDATE ON ${of} FOR EACH ROW EXECUTE FUNCTION ${fn.q}`,
            ];
      },
    ),
  ],
  [
    5,
    on(
      (w, d) => d.one(w.routines),
      (fn, d, w) =>
        `ALTER ${keyword(fn)} ${fn.q} ${d.of(`RENAME TO ${name(d, 'fn')}`, `OWNER TO ${d.of(...roles)}`, `SET SCHEMA ${d.one(w.schemas)}`, 'COST 33', 'SECURITY DEFINER', 'STABLE', "SET work_mem = '8MB'", 'RESET ALL')}`,
    ),
  ],
  [
    3,
    on(
      (w, d) => d.one(w.routines),
      (fn, d) => `DROP ${keyword(fn)} ${d.maybe(0.2) ? 'IF EXISTS ' : ''}${written(d, fn.q)}${cascade(d)}`,
    ),
  ],
  [
    2,
    on(
      triggerFunction,
      (fn, d) =>
        `CREATE OR REPLACE FUNCTION ${fn.q} RETURNS trigger LANGUAGE plpgsql AS $f$ BEGIN ${triggerBody(d)} END $f$`,
    ),
  ],
  [
    1,
    on(
      ofPlain,
      (fn, d) =>
        `${d.of('GRANT', 'REVOKE')} EXECUTE ON ${keyword(fn)} ${fn.q} ${d.of('TO', 'FROM')} ${d.of('PUBLIC', ...roles)}`,
    ),
  ],
  [
    1,
    (_w, d) => {
      const fn = name(d, 'ev');
      return [
        `CREATE FUNCTION ${fn}() RETURNS event_trigger LANGUAGE plpgsql AS $f$ BEGIN NULL; END $f$`,
        `CREATE EVENT TRIGGER ${fn} ON ${d.of('ddl_command_end', 'sql_drop', 'ddl_command_start')} EXECUTE FUNCTION ${fn}()`,
      ];
    },
  ],
  [
    1,
    on(
      (w, d) => d.one(w.others.filter(({ kind }) => kind === 'EVENT TRIGGER')),
      ({ q }, d) =>
        d.of(
          `ALTER EVENT TRIGGER ${q} DISABLE`,
          `DROP EVENT TRIGGER ${q}`,
          `ALTER EVENT TRIGGER ${q} RENAME TO ${name(d, 'ev')}`,
        ),
    ),
  ],
];
