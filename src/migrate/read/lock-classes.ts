import { lockClassOf, locksOf, relationsMadeBy, type LockClass } from '../../sql/locks.ts';
import { treesOf, nameParts, nodeOf, textOf, treeOf, type Tree } from '../../sql/syntax-tree.ts';
import type { Directives, Segment, Statement } from '../contract/model.ts';
import type { SegmentMember } from './segments.ts';

/** The most locks that are kept for one statement. */
const mostLocks = 10;

/**
 * The statements with their class of lock wait: none if the file sets its own timeout, and none for objects made in the
 * same transaction, which nobody else can see.
 */
export function withLockClasses(
  members: readonly SegmentMember[],
  segments: readonly Segment[],
  directives: Directives,
): readonly Statement[] {
  const statements = members.map(({ statement }) => statement);
  if (directives.lockTimeout !== undefined) return statements;
  // A SET of the file lasts to the end of the file, a SET LOCAL to the end of the transaction.
  let own = false;
  return segments.flatMap(({ first, last }) => {
    let made = new Set<string>();
    let ownHere = false;
    const atSavepoints = new Map<number, { readonly made: ReadonlySet<string>; readonly owns: [boolean, boolean] }>();
    return members.slice(first, last + 1).map(({ statement, node }, at): Statement => {
      if (statement.tag === 'SAVEPOINT') atSavepoints.set(first + at, { made: new Set(made), owns: [own, ownHere] });
      const before = atSavepoints.get(statement.backTo ?? -1);
      if (before !== undefined) {
        made = new Set(before.made);
        [own, ownHere] = before.owns;
      }
      const setting = settingOf(node);
      if (setting?.name === 'search_path' || setting?.name === 'all') made.clear();
      if (setting?.name === 'all') own = ownHere = false;
      if (setting?.name === 'lock_timeout') {
        ownHere = true;
        own ||= !setting.local;
      }
      const lock = own || ownHere ? undefined : classOf(node, made);
      for (const name of relationsMadeBy(node)) made.add(name);
      if (lock === undefined) return statement;
      return lock === 'strong'
        ? { ...statement, lock, locks: locksOf(node).slice(0, mostLocks) }
        : { ...statement, lock };
    });
  });
}

function classOf(node: Tree, made: ReadonlySet<string>): LockClass | undefined {
  return lockClassOf(node, (name) => made.has(name));
}

function settingOf(node: Tree): { readonly name: string; readonly local: boolean } | undefined {
  const { type, fields } = nodeOf(node);
  if (type === 'DiscardStmt') return { name: 'all', local: false };
  if (type === 'SelectStmt') return setByCall(fields);
  if (type !== 'VariableSetStmt') return undefined;
  if (fields['kind'] === 'VAR_RESET_ALL') return { name: 'all', local: false };
  return { name: textOf(fields['name']).toLowerCase(), local: fields['is_local'] === true };
}

/** `select set_config('lock_timeout', '1s', true)` */
function setByCall(fields: Tree): ReturnType<typeof settingOf> {
  for (const target of treesOf(fields['targetList'])) {
    const call = treeOf(treeOf(treeOf(target['ResTarget'])['val'])['FuncCall']);
    if (nameParts(call['funcname']).at(-1) !== 'set_config') continue;
    const [name, , local] = treesOf(call['args']).map((one) => treeOf(one['A_Const']));
    const isLocal = treeOf(local?.['boolval'])['boolval'] === true;
    return { name: textOf(treeOf(name?.['sval'])['sval']).toLowerCase(), local: isLocal };
  }
  return undefined;
}
