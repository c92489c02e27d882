import { expect, test } from 'vitest';
import { fault } from '../../kit/fault.ts';
import { annotationOf } from './annotation.ts';

const where = { file: 'sql/0002_b,c.sql', line: 3, column: 14 };
const finding = fault('sql-syntax', { why: '100% wrong,\nsays: the server.', fix: 'Correct it.', where });
const asIs = (text: string): string => text;
const env = { GITHUB_ACTIONS: 'true', GITHUB_WORKSPACE: '/repository' };

test('a finding with a place becomes an annotation of the pull request, with its path in the repository', () => {
  expect(annotationOf(finding, '/repository/backend', env, asIs)).toBe(
    '::error file=backend/sql/0002_b%2Cc.sql,line=3,col=14,title=SQL syntax error [sql-syntax]::100%25 wrong,%0Asays: the server.%0ACorrect it.',
  );
  const note = { ...finding, severity: 'note' as const, where: { file: 'a.sql' } };
  expect(annotationOf(note, '/repository', env, asIs)).toMatch(/^::notice file=a\.sql,title=/);
});

test('without a place, or outside a workflow, there is no annotation', () => {
  const { where: _, ...placeless } = finding;
  expect(annotationOf(placeless, '/repository', env, asIs)).toBeUndefined();
  expect(annotationOf(finding, '/repository', {}, asIs)).toBeUndefined();
});
