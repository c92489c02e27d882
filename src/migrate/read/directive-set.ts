import { fault } from '../../kit/fault.ts';
import type { Finding } from '../../kit/finding.ts';
import { readDirectives, type Directive } from '../../sql/directives.ts';
import type { Comment } from '../../sql/split.ts';
import { nodeOf } from '../../sql/syntax-tree.ts';
import type { Directives, Expectation } from '../contract/model.ts';
import type { SqlParser } from '../contract/ports.ts';
import { printable } from './parse-statement.ts';

/** Collects the directives of a file. */
export interface DirectiveSet {
  /** Reads a comment that begins with `godwit`; problems go to `findings`. */
  take(comment: Comment): void;
  result(): Directives;
}

type Single = 'transaction' | 'lock-timeout' | 'statement-timeout';

export function createDirectiveSet(file: string, parser: SqlParser, findings: Finding[]): DirectiveSet {
  const single = new Map<Single, string>();
  const allow: Directives['allow'][number][] = [];
  const expect: Expectation[] = [];
  let frozen = false;
  let verifyInside: Directives['verifyInside'];
  let replaces: Directives['replaces'];

  const add = (directive: Directive, comment: Comment): void => {
    const where = { file, line: comment.line, column: comment.column };
    switch (directive.kind) {
      case 'frozen':
        frozen = true;
        return;
      case 'verify':
        verifyInside ??= where;
        return;
      case 'allow':
        allow.push({ rule: directive.rule, reason: directive.reason, where });
        return;
      case 'replaces': {
        const { ranges, count } = directive;
        if (replaces !== undefined)
          findings.push(fault('directive-twice', { why: '`replaces` is given twice.', where }));
        replaces ??= { ranges, ...(count === undefined ? {} : { count }), where, offset: comment.offset };
        return;
      }
      case 'expect': {
        const problem = judgeQuery(parser, directive.query);
        if (problem !== undefined) findings.push(fault('directive-invalid', { why: problem, where }));
        else expect.push({ query: directive.query, expected: directive.expected, where });
        return;
      }
      default: {
        const before = single.get(directive.kind);
        if (before !== undefined && before !== directive.value) {
          const why = `\`${directive.kind}\` is both ${before} and ${directive.value}.`;
          findings.push(fault('directive-twice', { why, where }));
        }
        single.set(directive.kind, directive.value);
      }
    }
  };

  return {
    take(comment) {
      const { directives, problem } = readDirectives(comment.text);
      const where = { file, line: comment.line, column: comment.column };
      if (problem !== undefined) {
        const { code, why, fix } = problem;
        findings.push(fault(code, { why, where, ...(fix === undefined ? {} : { fix }) }));
      } else if (comment.inside && directives.length > 0) findings.push(fault('directive-misplaced', { where }));
      else for (const directive of directives) add(directive, comment);
    },
    result() {
      const lockTimeout = single.get('lock-timeout');
      const statementTimeout = single.get('statement-timeout');
      return {
        ...(single.has('transaction') ? { transaction: 'none' as const } : {}),
        ...(lockTimeout === undefined ? {} : { lockTimeout }),
        ...(statementTimeout === undefined ? {} : { statementTimeout }),
        ...(verifyInside === undefined ? {} : { verifyInside }),
        ...(replaces === undefined ? {} : { replaces }),
        frozen,
        allow,
        expect,
      };
    },
  };
}

/** What is wrong with the query of an expectation; undefined if it is a single query. */
function judgeQuery(parser: SqlParser, query: string): string | undefined {
  const result = parser.parse(query);
  if (!result.ok) return `The query of \`expect\` is not SQL: ${printable(result.message)}.`;
  const [node] = result.nodes;
  if (node === undefined || result.nodes.length !== 1) return '`expect` takes one query.';
  return nodeOf(node).type === 'SelectStmt'
    ? undefined
    : '`expect` takes a query (SELECT, VALUES or WITH) that does not change data.';
}
