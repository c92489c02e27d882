import { nodeOf, type Tree } from './syntax-tree.ts';

/** What a statement may leave changed in the session: settings or the role, advisory locks, channels with LISTEN. */
export type Leaving = 'settings' | 'locks' | 'channels';

/**
 * What a statement may leave in the session, as far as its text shows. A function may hide a change; the next message
 * still starts with the initial settings.
 *
 * @param hidden true when its effect is not in its tree (DO, CALL, EXECUTE)
 */
export function leavesOf(node: Tree, text: string, hidden: boolean): readonly Leaving[] {
  const { type } = nodeOf(node);
  const found: Leaving[] = [];
  const sets = type === 'VariableSetStmt' || hidden || /\bset_config\b/i.test(text);
  if (sets) found.push('settings');
  if (/\bpg_(?:try_)?advisory_lock/i.test(text) && !definesOnly.test(type)) found.push('locks');
  if (type === 'ListenStmt' || (hidden && /\blisten\b/i.test(text))) found.push('channels');
  return found;
}

/** The text inside these statements runs later. */
const definesOnly = /^(?:CreateFunction|View|Rule|Comment)/;
