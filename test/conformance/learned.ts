import type { CloudRunOptions } from '../../src/adapters/engines/cloud-run/options.ts';
import type { Question } from './questions.ts';

/** A question with its answer. */
export interface Learned {
  readonly question: Pick<Question, 'id' | 'asks' | 'safe'>;
  readonly answer: string;
}

/** A table in Markdown that can be pasted into an issue: without names of projects, accounts, instances and hosts. */
export function tableOf(learned: readonly Learned[], terms: Pick<CloudRunOptions, 'project' | 'instance'>): string {
  const rows = learned.map(({ question: { id, asks, safe }, answer }) => [id, asks, redacted(answer, terms), safe]);
  return [['#', 'question', 'answer', 'what godwit does'], ['---', '---', '---', '---'], ...rows]
    .map((cells) => `| ${cells.map(cell).join(' | ')} |`)
    .join('\n');
}

const longestAnswer = 400;

function cell(text: string): string {
  const line = text.replaceAll(/\s+/g, ' ').replaceAll('|', '\\|');
  return line.length > longestAnswer ? `${line.slice(0, longestAnswer)} …` : line;
}

/** Replaces whatever tells whose project it is. */
export function redacted(text: string, { project, instance }: Pick<CloudRunOptions, 'project' | 'instance'>): string {
  const own = new RegExp(`(?<![a-z0-9-])${project.replaceAll(/[.:]/g, '\\$&')}(?![a-z0-9-])`, 'g');
  const name = instance?.split(':').at(-1);
  const known = text
    .replaceAll(/[\w.+-]+@[\w.-]+/g, 'ACCOUNT')
    .replaceAll(/https?:\/\/\S+/g, 'URL')
    .replaceAll(/\b(?:\d{1,3}\.){3}\d{1,3}(?::\d+)?/g, 'HOST')
    .replaceAll(own, 'PROJECT')
    .replaceAll(/projects\/(?!PROJECT\b)[\w.:-]+/g, 'projects/PROJECT')
    .replaceAll(/\b\d{9,}\b/g, 'NUMBER');
  return name === undefined
    ? known
    : known.replaceAll(new RegExp(`(?<![a-z0-9-])${name}(?![a-z0-9-])`, 'g'), 'INSTANCE');
}
