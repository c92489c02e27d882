import { fault } from '../../../kit/fault.ts';
import type { Finding } from '../../../kit/finding.ts';
import { err, ok, type Outcome } from '../../../kit/outcome.ts';
import { createToken, nextToken } from '../../../sql/lexer.ts';
import type { ByteSource } from '../../contract/ports.ts';
import type { DividedSection, DividedFile } from '../convention.ts';
import { commentLines, type CommentLine } from './comment-lines.ts';
import { downMark, sectionRules, upMark, type SectionTool } from './section-rules.ts';

interface SectionStart {
  readonly direction: 'up' | 'down';
  readonly mark: CommentLine;
  readonly transaction?: 'none';
}

/**
 * Divides a file into the way forward and the way back, by the rules of the tool that it was written for. What that tool
 * would refuse, drop or run in both directions is refused.
 *
 * @param source the file without BOM
 */
export async function divideFile(tool: SectionTool, source: ByteSource, file: string): Promise<Outcome<DividedFile>> {
  const begun: SectionStart[] = [];
  const findings: Finding[] = [];
  let alone = false;
  for await (const line of commentLines(source)) {
    const meaning = sectionRules[tool](line.text);
    if (meaning === undefined || meaning.kind === 'none') continue;
    if (meaning.kind === 'no-transaction') alone = true;
    else if (meaning.kind === 'wrong') findings.push(wrong(file, line, meaning.why));
    else if (begun.some(({ direction }) => direction === meaning.kind)) {
      // The first match counts for node-pg-migrate; what looks like a second one is a comment.
      if (tool !== 'node-pg-migrate') findings.push(wrong(file, line, 'There is such a mark above already.'));
    } else {
      const { transaction } = meaning;
      begun.push({ direction: meaning.kind, mark: line, ...(transaction === undefined ? {} : { transaction }) });
    }
  }
  if (findings.length > 0) return err(...findings);
  const problem = await judgeBeginning(tool, begun, { source, file });
  if (problem !== undefined) return err(problem);
  const sections = begun.map((one, at) => sectionOf(one, begun[at + 1]?.mark.start ?? source.size, alone));
  const at = (direction: 'up' | 'down'): DividedSection | undefined =>
    sections[begun.findIndex((one) => one.direction === direction)];
  const up = at('up');
  const down = at('down');
  return ok({
    ...(up === undefined ? {} : { up }),
    ...(down === undefined || (await isEmpty(source, down)) ? {} : { down }),
  });
}

function sectionOf({ mark, transaction }: SectionStart, end: number, alone: boolean): DividedSection {
  const own = { start: mark.end, end: Math.max(mark.end, end), line: mark.line + 1 };
  return alone || transaction === 'none' ? { ...own, transaction: 'none' } : own;
}

interface File {
  readonly source: ByteSource;
  readonly file: string;
}

/** What is wrong with how a file begins: no mark, only the way back, statements before the first mark. */
async function judgeBeginning(
  tool: SectionTool,
  begun: readonly SectionStart[],
  { source, file }: File,
): Promise<Finding | undefined> {
  const [first] = begun;
  if (first === undefined) {
    // Without marks, node-pg-migrate runs the whole file as the way forward.
    if (tool === 'node-pg-migrate') return undefined;
    const why = `${tool} runs no file without \`${upMark[tool]}\`, and this one has none.`;
    return fault('foreign-layout', { why, fix: addMark(tool), where: { file } });
  }
  if (begun.every(({ direction }) => direction === 'down')) {
    const both = tool === 'node-pg-migrate' ? ', so that tool runs both halves forward' : '';
    const why = `There is a \`${downMark[tool]}\`, but no \`${upMark[tool]}\`${both}.`;
    return fault('foreign-layout', { why, fix: addMark(tool), where: { file, line: first.mark.line, column: 1 } });
  }
  const inOrder = begun[0]?.direction === 'up';
  if (!inOrder && tool !== 'sql-migrate' && tool !== 'node-pg-migrate')
    return wrong(file, first.mark, `${tool} wants \`${upMark[tool]}\` first.`);
  if (await isEmpty(source, { start: 0, end: first.mark.start })) return undefined;
  const why = `Before \`${first.mark.text.trim()}\` there are statements, which ${tool} would refuse or leave out.`;
  const fix = `Move them below \`${upMark[tool]}\`.`;
  return fault('foreign-layout', { why, fix, where: { file, line: first.mark.line, column: 1 } });
}

function addMark(tool: SectionTool): string {
  return `Write \`${upMark[tool]}\` above its statements. In a folder in the native layout, put the way back into a file of its own, NAME.down.sql.`;
}

function wrong(file: string, { line, text }: CommentLine, why: string): Finding {
  const where = { file, line, column: 1 };
  return fault('foreign-layout', { why: `\`${text.trim()}\`: ${why}`, fix: 'Correct the line.', where });
}

const largestComment = 256 * 1024;

/** Nothing but comments and white space. */
async function isEmpty(source: ByteSource, { start, end }: { start: number; end: number }): Promise<boolean> {
  if (end - start > largestComment) return false;
  const bytes = await source.read(start, end);
  const token = createToken();
  let at = 0;
  do {
    nextToken(bytes, at, bytes.length, token);
    at = token.end;
  } while (token.kind === 'line-comment' || token.kind === 'block-comment');
  return token.kind === 'end';
}
