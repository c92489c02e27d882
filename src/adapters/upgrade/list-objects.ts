import type { Client } from 'pg';

/** Catalogues whose rows people create, with the filter for what is not listed on its own. */
const catalogues: readonly (readonly [name: string, where: string])[] = [
  [
    'pg_class',
    "c.relkind <> 't' AND c.relnamespace NOT IN (SELECT oid FROM pg_namespace WHERE nspname ~ '^pg_(toast|temp)')",
  ],
  ['pg_proc', 'true'],
  [
    'pg_type',
    "c.typcategory <> 'A' AND (c.typrelid = 0 OR EXISTS (SELECT FROM pg_class r WHERE r.oid = c.typrelid AND r.relkind = 'c'))",
  ],
  // From 18 on, NOT NULL is a constraint too, but it is reported with its column.
  ['pg_constraint', "c.contype <> 'n'"],
  ['pg_trigger', 'NOT c.tgisinternal'],
  ['pg_policy', 'true'],
  ['pg_rewrite', "c.rulename <> '_RETURN'"],
  ['pg_namespace', "c.nspname !~ '^pg_(toast|temp)'"],
  ...[
    'pg_extension',
    'pg_collation',
    'pg_conversion',
    'pg_operator',
    'pg_opclass',
    'pg_opfamily',
    'pg_cast',
    'pg_ts_config',
    'pg_ts_dict',
    'pg_ts_parser',
    'pg_ts_template',
    'pg_foreign_data_wrapper',
    'pg_foreign_server',
    'pg_event_trigger',
    'pg_publication',
    'pg_statistic_ext',
    'pg_transform',
    'pg_am',
    'pg_language',
    'pg_default_acl',
    'pg_subscription',
  ].map((name) => [name, 'true'] as const),
];

const firstOwn = 16_384;

/**
 * Lists everything that somebody has created in a database and on its server: objects by kind and name, columns with
 * their type, roles, settings, other databases, large objects. Members of an extension are implied by it; schema godwit
 * is left out.
 */
export async function listObjects(client: Client): Promise<readonly string[]> {
  const objects = catalogues.map(
    ([name, where]) => `SELECT i.type || ' ' || i.identity AS text FROM pg_catalog.${name} c
CROSS JOIN LATERAL pg_catalog.pg_identify_object('pg_catalog.${name}'::regclass, c.oid, 0) i
WHERE c.oid >= ${firstOwn} AND ${where} AND i.identity IS NOT NULL AND coalesce(i.schema, '') <> 'godwit' AND i.identity !~ '(^godwit$|(^| on )godwit\\.)'
AND NOT EXISTS (SELECT FROM pg_catalog.pg_depend d WHERE d.classid = 'pg_catalog.${name}'::regclass AND d.objid = c.oid AND d.deptype = 'e')`,
  );
  const others = [
    `SELECT pg_catalog.format('column %I.%I.%I %s%s', n.nspname, r.relname, a.attname, pg_catalog.format_type(a.atttypid, a.atttypmod), CASE WHEN a.attnotnull THEN ' not null' END)
FROM pg_catalog.pg_attribute a JOIN pg_catalog.pg_class r ON r.oid = a.attrelid JOIN pg_catalog.pg_namespace n ON n.oid = r.relnamespace
WHERE r.oid >= ${firstOwn} AND r.relkind IN ('r', 'p', 'f', 'c') AND a.attnum > 0 AND NOT a.attisdropped AND n.nspname <> 'godwit' AND n.nspname !~ '^pg_'
AND NOT EXISTS (SELECT FROM pg_catalog.pg_depend d WHERE d.classid = 'pg_catalog.pg_class'::regclass AND d.objid = r.oid AND d.deptype = 'e')`,
    `SELECT 'role ' || pg_catalog.quote_ident(rolname) FROM pg_catalog.pg_roles WHERE oid >= ${firstOwn}`,
    `SELECT 'database ' || pg_catalog.quote_ident(datname) FROM pg_catalog.pg_database WHERE oid >= ${firstOwn}`,
    `SELECT pg_catalog.format('setting %s of %s', s, coalesce('role ' || pg_catalog.quote_ident(r.rolname), 'the database'))
FROM pg_catalog.pg_db_role_setting g LEFT JOIN pg_catalog.pg_roles r ON r.oid = g.setrole CROSS JOIN LATERAL pg_catalog.unnest(g.setconfig) s`,
    "SELECT pg_catalog.count(*) || ' large objects' FROM pg_catalog.pg_largeobject_metadata HAVING pg_catalog.count(*) > 0",
  ];
  const { rows } = await client.query<{ text: string }>(
    `SELECT DISTINCT text FROM (${[...objects, ...others].join('\nUNION ALL\n')}) AS all_of_them (text) ORDER BY 1`,
  );
  return rows.map(({ text }) => text);
}
