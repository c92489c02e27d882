import { fault } from '../../kit/fault.ts';
import type { Finding } from '../../kit/finding.ts';
import { err, ok, type Outcome } from '../../kit/outcome.ts';
import { isUtf16 } from '../../sql/encoding.ts';
import { bodyChangesOwnSchema } from '../../sql/own-schema.ts';
import { savepointsOf } from '../../sql/savepoints.ts';
import { splitStream, windowSize, type SplitStep } from '../../sql/stream.ts';
import type { KeptAnalyses } from '../contract/kept-analyses.ts';
import type { Analysis, Directives, ScriptFile } from '../contract/model.ts';
import type { ByteSource, Hashing, SqlParser } from '../contract/ports.ts';
import { createChecksum, openBody } from './checksum.ts';
import { createDirectiveSet } from './directive-set.ts';
import { withLockClasses } from './lock-classes.ts';
import { unwrap, type TransactionPart } from './own-transaction.ts';
import type { ParsedStatement } from './parsed-statement.ts';
import { headSize } from './replaces-of.ts';
import { rowChangesOf } from './row-changes.ts';
import { seedSteps } from './seed-rows.ts';
import { segmentsOf } from './segments.ts';
import { looksOf } from './looks.ts';
import { createSessionBorders } from './session-borders.ts';
import { createCollector } from './statement-collector.ts';
import { undoneIn } from '../contract/undone-statements.ts';
import { withUndone } from './undone.ts';

/** What an analysis needs from the outside. */
export interface AnalysisPorts {
  readonly parser: SqlParser;
  readonly hashing: Hashing;
  /** What earlier runs have made; absent: everything is analysed. */
  readonly kept?: KeptAnalyses | undefined;
}

/** The most findings of one file that are listed. */
const mostFindings = 100;

/**
 * Runs of similar INSERTs become one range from this length on: in small files only long runs, so that more statements
 * keep their place.
 */
const foldFrom = { small: 51, large: 2 };

/**
 * Reads one script: statements, segments, directives, effects. All errors are reported at once. Memory stays bounded by
 * the largest statement and by the number of statements that are not seed rows.
 * @param script The file as read from the folder; its checksum must still match.
 * @param file Bytes of the file, BOM included.
 */
export async function analyse(script: ScriptFile, file: ByteSource, ports: AnalysisPorts): Promise<Outcome<Analysis>> {
  await ports.parser.load();
  const { bom, source } = await openBody(file);
  if (isUtf16(await source.read(0, 2))) {
    const why = 'The file is UTF-16, as some editors on Windows write it.';
    return err(
      fault('sql-encoding', { why, fix: 'Save the file as UTF-8.', where: { file: script.file, line: 1, column: 1 } }),
    );
  }
  const findings: Finding[] = [];
  const directiveSet = createDirectiveSet(script.file, ports.parser, findings);
  const size = source.size > windowSize ? 'large' : 'small';
  const { parser, hashing } = ports;
  const collector = createCollector({ file: script.file, parser, hashing, foldFrom: foldFrom[size], findings });
  const checksum = createChecksum(ports.hashing);
  for await (const step of splitStream(source, { line: script.section?.line ?? 1 })) {
    checksum.push(step.bytes.subarray(0, step.consumed - step.base));
    collector.take(step);
    takeNotes(step, script.file, findings);
    for (const comment of step.comments) directiveSet.take(comment);
    if (findings.length > mostFindings) return err(...firstOf(findings, script.file));
  }
  const statements = collector.finish();
  if (checksum.hex() !== script.checksum) return err(fault('file-moved-on', { where: { file: script.file } }));
  const options = { size: source.size, bom };
  const directives = directiveSet.result();
  const manner = script.transaction === undefined ? directives : { ...directives, transaction: script.transaction };
  return analyseTogether(options, statements, manner, findings);
}

function takeNotes(step: SplitStep, file: string, findings: Finding[]): void {
  for (const { code, line, column, why, fix } of step.problems) {
    if (findings.length > mostFindings) return;
    const texts = { ...(why === undefined ? {} : { why }), ...(fix === undefined ? {} : { fix }) };
    findings.push(fault(code, { ...texts, where: { file, line, column } }));
  }
}

function firstOf(findings: readonly Finding[], file: string): readonly Finding[] {
  const sorted = inOrder(findings).slice(0, mostFindings);
  return [...sorted, fault('sql-too-many-problems', { where: { file } })];
}

function inOrder(findings: readonly Finding[]): readonly Finding[] {
  const key = ({ where }: Finding): number => (where?.line ?? 0) * 1e6 + Math.min(where?.column ?? 0, 999_999);
  return findings.toSorted((a, b) => key(a) - key(b));
}

interface FileContext {
  readonly size: number;
  readonly bom: 0 | 3;
}

/** Analyses the statements together: transaction control, segments, what crosses their borders, effects. */
function analyseTogether(
  { size, bom }: FileContext,
  found: readonly ParsedStatement[],
  directives: Directives,
  findings: Finding[],
): Outcome<Analysis> {
  const alone = directives.transaction === 'none';
  const { statements: bare, parts, absorbed } = unwrap(found, alone, findings);
  const savepoints = savepointsOf(bare.map(({ node }) => node));
  const parsed = withUndone(directives.frozen ? bare.map((one) => ({ ...one, frozen: true })) : bare, savepoints);
  refuseInTransaction(parsed, parts, findings);
  for (const { node, where } of parsed)
    if (bodyChangesOwnSchema(node)) findings.push(fault('sql-own-schema-body', { where }));
  const borders = createSessionBorders(parsed, savepoints);
  const segments = segmentsOf(parsed, { parts, alone, crosses: (from, index) => borders.crosses(from, index) });
  findings.push(...borders.findings(segments));
  refuseInside(directives, segments, findings);
  refuseBehind(directives, found, findings);
  if (findings.some(({ severity }) => severity === 'error')) return err(...inOrder(findings));
  const statements = withLockClasses(parsed, segments, directives);
  const undone = undoneIn(statements);
  return ok({
    size,
    bom,
    statements,
    segments,
    absorbed,
    directives,
    looks: looksOf(parsed, directives),
    rows: rowChangesOf(parsed).filter(({ statement }) => !undone.has(statement)),
    seeds: seedSteps(parsed),
    findings: inOrder(findings),
  });
}

/** Checks inside the migration's transaction need one transaction for the whole file. */
function refuseInside(
  { verifyInside, transaction }: Directives,
  segments: Analysis['segments'],
  findings: Finding[],
): void {
  if (verifyInside === undefined) return;
  const whole = transaction === undefined && segments.length <= 1 && segments[0]?.kind !== 'standalone';
  if (!whole) findings.push(fault('verify-inside-not-possible', { where: verifyInside }));
}

/** A folder is read without splitting its files: `replaces` is only read at the head of a file. */
function refuseBehind({ replaces }: Directives, found: readonly ParsedStatement[], findings: Finding[]): void {
  if (replaces === undefined) return;
  const { where, offset } = replaces;
  if (offset < Math.min(found[0]?.statement.head ?? headSize, headSize)) return;
  const why = '`replaces` comes after the first statement, or too far from the beginning of the file.';
  findings.push(fault('directive-misplaced', { where, why, fix: 'Move it to the top of the file.' }));
}

function refuseInTransaction(
  statements: readonly ParsedStatement[],
  parts: readonly TransactionPart[],
  findings: Finding[],
): void {
  for (const { first, last, own } of parts) {
    if (!own) continue;
    for (const { statement, where } of statements.slice(first, last + 1)) {
      if (statement.transactional) continue;
      const why = `${statement.tag} cannot run in a transaction, but it is between BEGIN and COMMIT.`;
      findings.push(fault('sql-not-in-transaction', { why, where }));
    }
  }
}
