/** Types of other databases, with their PostgreSQL equivalent. */
export const foreignTypes: ReadonlyMap<string, string> = new Map([
  ['datetime', 'timestamptz'],
  ['datetime2', 'timestamptz'],
  ['tinyint', 'smallint'],
  ['mediumint', 'integer'],
  ['number', 'numeric'],
  ['double', 'double precision'],
  ['string', 'text'],
  ['nvarchar', 'varchar'],
  ['varchar2', 'varchar'],
  ['tinytext', 'text'],
  ['mediumtext', 'text'],
  ['longtext', 'text'],
  ['clob', 'text'],
  ['blob', 'bytea'],
  ['longblob', 'bytea'],
  ['binary', 'bytea'],
  ['varbinary', 'bytea'],
  ['uniqueidentifier', 'uuid'],
]);

/** Names that the grammar has for types. */
export const sqlTypes: readonly string[] = [
  'int',
  'numeric',
  'float',
  'varchar',
  'char',
  'bit',
  'time',
  'interval',
  'smallint',
  'integer',
  'bigint',
  'decimal',
  'real',
  'double precision',
  'smallserial',
  'serial',
  'bigserial',
  'boolean',
  'character',
  'character varying',
  'timestamp',
];

/**
 * Which extension provides objects that are often used without it; types and functions with the extension's name are
 * not listed.
 */
export const extensionOf: ReadonlyMap<string, string> = new Map([
  ['geometry', 'postgis'],
  ['geography', 'postgis'],
  ['halfvec', 'vector'],
  ['sparsevec', 'vector'],
  ['uuid_generate_v1', 'uuid-ossp'],
  ['uuid_generate_v4', 'uuid-ossp'],
  ['uuid_generate_v5', 'uuid-ossp'],
  ['uuid_generate_v1mc', 'uuid-ossp'],
  ['gen_random_bytes', 'pgcrypto'],
  ['crypt', 'pgcrypto'],
  ['digest', 'pgcrypto'],
  ['gen_salt', 'pgcrypto'],
  ['hmac', 'pgcrypto'],
  ['gin_trgm_ops', 'pg_trgm'],
  ['gist_trgm_ops', 'pg_trgm'],
  ['similarity', 'pg_trgm'],
  ['word_similarity', 'pg_trgm'],
  ['show_trgm', 'pg_trgm'],
  ['levenshtein', 'fuzzystrmatch'],
  ['soundex', 'fuzzystrmatch'],
  ['crosstab', 'tablefunc'],
]);
