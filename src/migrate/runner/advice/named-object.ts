import type { ServerError } from '../../contract/ports.ts';

/** The kind of object that a statement named and the server did not find. */
export type NamedKind =
  | 'relation'
  | 'column'
  | 'type'
  | 'function'
  | 'schema'
  | 'role'
  | 'extension'
  | 'index'
  | 'constraint'
  | 'trigger'
  | 'other';

/** The object that the server's error names. */
export interface NamedInError {
  readonly kind: NamedKind;
  /** As the server reports it, possibly schema-qualified. */
  readonly name: string;
  /** The table that it belongs to, if the server reports it. */
  readonly of?: string;
}

const byState: Readonly<Record<string, NamedKind>> = {
  '42P01': 'relation',
  '42703': 'column',
  '42883': 'function',
  '3F000': 'schema',
};

/**
 * The names in an error, most specific first: from the error's fields, else from its message, where they are quoted in
 * every language.
 */
export function namedBy(error: ServerError): readonly NamedInError[] {
  const { sqlstate, message, constraint, column, table } = error;
  const of = table === undefined ? {} : { of: table };
  // A violated constraint is about rows: its fields may name what the statement makes.
  if (sqlstate.startsWith('23'))
    return [
      ...(constraint === undefined ? [] : [{ kind: 'constraint' as const, name: constraint, ...of }]),
      ...(column === undefined ? [] : [{ kind: 'column' as const, name: column, ...of }]),
    ];
  if (sqlstate === '42883') return called(message);
  const quoted = quotedIn(message);
  if (quoted.length === 0) return [...bare(sqlstate, message), ...quotedIn(error.detail ?? '').map(asOther)];
  const kind = kindOf(error);
  const owner = quoted[1];
  return quoted.map((name, index) =>
    index === 0 ? { kind, name, ...(owner === undefined ? of : { of: owner }) } : asOther(name),
  );
}

function asOther(name: string): NamedInError {
  return { kind: 'other', name };
}

function kindOf({ sqlstate, message }: ServerError): NamedKind {
  // An alias that is not in FROM is not a missing table.
  if (sqlstate === '42P01' && message.includes('FROM')) return 'other';
  if (sqlstate === '0A000' || sqlstate === '58P01') return message.includes('extension') ? 'extension' : 'other';
  if (sqlstate !== '42704') return byState[sqlstate] ?? 'other';
  const word = /^(?:unrecognized )?(type|role|extension|index|constraint|trigger|sequence)s? ["“]/.exec(message)?.[1];
  return word === 'sequence' ? 'relation' : ((word as NamedKind | undefined) ?? 'other');
}

/** `function shop.total(integer) does not exist`, in any language. */
function called(message: string): readonly NamedInError[] {
  const name = /((?:"[^"]+"|[\p{L}\p{N}_$]+)(?:\.(?:"[^"]+"|[\p{L}\p{N}_$]+))*)\(/u.exec(message)?.[1];
  return name === undefined ? [] : [{ kind: 'function', name: name.replaceAll('"', '') }];
}

function quotedIn(message: string): readonly string[] {
  const found = message.matchAll(/"([^"]+)"|«\s?([^»]+?)\s?»|»([^«]+)«|„([^“”]+)[“”]|“([^”]+)”/g);
  return [...found].map(([, ...names]) => names.find((name) => name !== undefined) ?? '');
}

/** Some messages name things without quotes: `column t.x does not exist`, `cannot drop table users because …`. */
function bare(sqlstate: string, message: string): readonly NamedInError[] {
  if (sqlstate === '42703') {
    const [name] = /[\p{L}\p{N}_$]+\.[\p{L}\p{N}_$.]+/u.exec(message) ?? [];
    return name === undefined ? [] : [{ kind: 'column', name }];
  }
  const pattern = sqlstate === '2BP01' ? /(\S+) because / : sqlstate === '42501' ? /(\S+)$/ : undefined;
  const name = pattern?.exec(message)?.[1];
  return name === undefined ? [] : [asOther(name)];
}
