import type { PartName } from '../../contract/definition.ts';
import { quoteLiteral } from '../../../sql/quote.ts';
import { wordOf, wordsOf, type DescribedObject } from './draft-object.ts';
import { roleName, type PartHome } from './drop-statement.ts';
import { functionArguments, keywordOf, simpleName } from './names.ts';

/** An annotated object before and after; `is` undefined: the object is recreated and has no annotations yet. */
export interface Annotated {
  readonly was: DescribedObject;
  readonly is: Pick<DescribedObject, 'words'> | undefined;
  readonly home: PartHome;
}

/** Comment, owner and privileges as they were before. */
export function annotations({ was, is, home }: Annotated, runBy: string): readonly string[] {
  return [...owner(was, is, runBy), ...privileges(was, is, home), ...comment(was, is, home)];
}

function owner(was: DescribedObject, is: Annotated['is'], runBy: string): readonly string[] {
  const former = wordOf(was, 'owner');
  const present = is === undefined ? runBy : wordOf(is, 'owner');
  if (former === undefined || former === present || was.kind === 'index') return [];
  return [`ALTER ${keywordOf(was.kind)} ${target(was)} OWNER TO ${roleName(former)}`];
}

function comment(was: DescribedObject, is: Annotated['is'], home: PartHome): readonly string[] {
  const [former, present] = [wordOf(was, 'comment'), wordOf(is, 'comment')];
  if (former === present) return [];
  const text = former === undefined ? 'NULL' : quoteLiteral(former).trim();
  const own = simpleName(was.name);
  const what =
    was.kind === 'column'
      ? `COLUMN ${home.name}.${own}`
      : ['constraint', 'trigger', 'rule', 'policy'].includes(was.kind)
        ? `${keywordOf(was.kind)} ${own} ON ${home.kind === 'domain' ? 'DOMAIN ' : ''}${home.name}`
        : `${keywordOf(was.kind)} ${target(was)}`;
  return [`COMMENT ON ${what} IS ${text}`];
}

function target({ kind, name }: DescribedObject): string {
  return kind === 'aggregate' && functionArguments(name) === '()' ? `${name.slice(0, -2)}(*)` : name;
}

interface Privilege {
  readonly what: string;
  readonly to: string;
  readonly option: boolean;
}

/** Privileges that an owner and PUBLIC have by default are described as missing (`no grant`) if they were revoked. */
function privileges(was: DescribedObject, is: Annotated['is'], home: PartHome): readonly string[] {
  const on = grantedOn(was, home);
  if (on === undefined) return [];
  const only = (a: Annotated['is'], b: Annotated['is'], part: PartName): readonly Privilege[] =>
    wordsOf(a, part)
      .filter((word) => !wordsOf(b, part).includes(word))
      .map(privilegeOf);
  const revoked = [...only(is, was, 'grant'), ...only(was, is, 'no grant')];
  const granted = [...only(is, was, 'no grant'), ...only(was, is, 'grant')];
  return [
    ...revoked.map(({ what, to }) => `REVOKE ${on(what)} FROM ${roleName(to)}`),
    ...granted.map(
      ({ what, to, option }) => `GRANT ${on(what)} TO ${roleName(to)}${option ? ' WITH GRANT OPTION' : ''}`,
    ),
  ];
}

function privilegeOf(word: string): Privilege {
  const [, what = '', to = '', option] = /^([A-Z ]+) to (.+?)( with grant option)?$/.exec(word) ?? [];
  return { what, to, option: option !== undefined };
}

function grantedOn({ kind, name }: DescribedObject, home: PartHome): ((what: string) => string) | undefined {
  if (kind === 'column') return (what) => `${what} (${simpleName(name)}) ON TABLE ${home.name}`;
  const [keyword, object] =
    kind === 'table' || kind === 'view' || kind === 'materialized view' || kind === 'foreign table'
      ? ['TABLE', name]
      : kind === 'aggregate'
        ? ['FUNCTION', name]
        : kind === 'composite type' || kind === 'type' || kind === 'domain'
          ? ['TYPE', name]
          : kind === 'server'
            ? ['FOREIGN SERVER', name]
            : ['sequence', 'function', 'procedure', 'schema', 'language', 'foreign-data wrapper'].includes(kind)
              ? [keywordOf(kind), name]
              : [undefined, name];
  return keyword === undefined ? undefined : (what) => `${what} ON ${keyword} ${object}`;
}
