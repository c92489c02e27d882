import type { ObjectKind } from '../../contract/catalogue-object.ts';
import type { DescribedObject } from './draft-object.ts';

/**
 * The parts of a qualified name, each still quoted; anything in parentheses belongs to the last one.
 *
 * @example ```ts partsOfName('public."odd.name".id'); // ['public', '"odd.name"', 'id'] ```
 */
export function partsOfName(name: string): readonly string[] {
  const parts: string[] = [];
  let quoted = false;
  let from = 0;
  for (let at = 0; at < name.length; at += 1) {
    const character = name[at];
    if (character === '"') quoted = !quoted;
    else if (!quoted && character === '(') break;
    else if (!quoted && character === '.') {
      parts.push(name.slice(from, at));
      from = at + 1;
    }
  }
  return [...parts, name.slice(from)];
}

/** The last part, without arguments. */
export function simpleName(name: string): string {
  const last = partsOfName(name).at(-1) ?? name;
  if (last.startsWith('"')) return /^"(?:[^"]|"")*"/.exec(last)?.[0] ?? last;
  const at = last.indexOf('(');
  return at < 0 ? last : last.slice(0, at);
}

/** Everything before the last part. */
export function qualifierOf(name: string): string {
  return partsOfName(name).slice(0, -1).join('.');
}

/** What follows the name of a function. */
export function functionArguments(name: string): string {
  const last = partsOfName(name).at(-1) ?? name;
  return last.slice(simpleName(name).length);
}

/** Kinds whose name begins with that of their home. */
const parts: ReadonlySet<ObjectKind> = new Set<ObjectKind>(['column', 'constraint', 'trigger', 'rule', 'policy']);

export function isNamedPart({ kind }: Pick<DescribedObject, 'kind'>): boolean {
  return parts.has(kind);
}

/** The kind as it is written in SQL. */
export function keywordOf(kind: ObjectKind): string {
  if (kind === 'composite type') return 'TYPE';
  if (kind === 'foreign-data wrapper') return 'FOREIGN DATA WRAPPER';
  return kind.toUpperCase();
}
