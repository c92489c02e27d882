import type { Place } from '../../kit/finding.ts';
import type { Statement } from '../contract/model.ts';
import type { SyntaxNode } from '../contract/ports.ts';

/** One statement with its syntax tree: what derivation of effects works on. */
export interface ParsedStatement {
  /** The statement's node: `{ CreateStmt: { … } }`. Locations inside are byte offsets into the UTF-8 form of `text`. */
  readonly node: SyntaxNode;
  /** Exactly what was parsed: the body's bytes from `start` on, decoded. Of a folded run: its first statement. */
  readonly text: string;
  /** Byte offset of `text` in the body. */
  readonly start: number;
  readonly statement: Statement;
  readonly where: Place;
  /** True: the file says `-- godwit: frozen`. */
  readonly frozen: boolean;
}
