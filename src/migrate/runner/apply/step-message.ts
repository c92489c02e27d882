import { quoteLiteral } from '../../../sql/quote.ts';
import { lockSettings } from '../lock-waits/lock-settings.ts';
import type { Analysis, PlanStep, Segment, Statement } from '../../contract/model.ts';
import { undoneIn } from '../../contract/undone-statements.ts';
import {
  leaving,
  MessageBuilder,
  notedAgain,
  opening,
  readOnly,
  settling,
  statementArrays,
  type Message,
} from './message.ts';
import { timedGroups } from '../../read/statement-groups.ts';
import { checkLooks, noteLooks } from './looking.ts';
import { ofSet } from './of-set.ts';
import { kindOf, type PreparedStep } from './prepared.ts';
import { closingTraps } from './session-traps.ts';
import { openingTogether, recordTogether, type Together } from './together.ts';

/** The position of a message in the history. */
export interface ChainPosition {
  readonly run: string;
  readonly epoch: string;
  readonly head: string;
}

/** The end of a migration: the new head, and the next migration, whose start is noted with it (if any). */
export interface Recording {
  readonly head: string;
  readonly nextStarted: string;
  /**
   * False: its COMMIT does not wait for the disk, because a later one in the same pipeline will. The WAL keeps their
   * order, so a crash loses the last ones with their records, never one in between.
   */
  readonly durable?: boolean;
  /** Present: it shares its transaction with others. */
  readonly together?: Together;
}

/** A message with the index of the command whose result is the migration's duration in milliseconds. */
export interface StepMessage extends Message {
  readonly recordedAt: number;
}

/** One segment of a migration as one message: opening, the user's statements with the clock between, closing. */
export async function segmentMessage(
  prepared: PreparedStep,
  segment: Segment,
  position: ChainPosition,
  recording: Recording | undefined,
): Promise<StepMessage> {
  const { analysis, body } = prepared;
  const builder = new MessageBuilder()
    .own('before', openingOf(prepared, segment, position, recording))
    .own('before', await settingsBefore(prepared, segment.first))
    .own('before', segment.modes?.readOnly === true ? readOnly.before : []);
  const start = analysis.statements[segment.first]?.start ?? 0;
  const bytes = await body.read(start, analysis.statements[segment.last]?.end ?? 0);
  const decoder = new TextDecoder();
  const waits = lockSettings(prepared, segment, { guarded: false, held: recording?.together?.held === true });
  const groups = timedGroups(segment);
  for (const group of groups) {
    if (group.first > segment.first) builder.tick();
    for (let index = group.first; index <= group.last; index += 1) {
      const statement = analysis.statements[index];
      if (statement === undefined) continue;
      const wait = waits.get(index);
      if (wait !== undefined) builder.own('after', [wait]);
      builder.user(index, decoder.decode(bytes.subarray(statement.start - start, statement.end - start)), statement);
      builder.own('after', notedAgain(statement, index, groups)).own('after', noteLooks(analysis, index));
    }
  }
  const keeping = await keepingOf(prepared, position.run, recording);
  return close(builder, prepared, segment, { position, recording, keeping });
}

/** The commands before the user's statements. */
export function openingOf(
  { analysis }: PreparedStep,
  segment: Segment,
  position: ChainPosition,
  recording: Recording | undefined,
): readonly string[] {
  if (recording?.together !== undefined) return openingTogether(analysis, position, recording.together);
  return opening(position.epoch, position.head, analysis, segment.modes?.isolation);
}

/** The commands before a migration's record. */
export async function keepingOf(
  { keeping }: PreparedStep,
  run: string,
  recording: Recording | undefined,
): Promise<readonly string[]> {
  return recording === undefined || keeping === undefined ? [] : [await keeping(run, recording.together?.place)];
}

/**
 * The end of a segment: reset the file's settings, note the statements as done, record the migration if this was its
 * last segment, COMMIT.
 */
export function close(
  builder: MessageBuilder,
  prepared: PreparedStep,
  segment: Segment,
  end: {
    readonly position: ChainPosition;
    readonly recording: Recording | undefined;
    /** From `keepingOf`. */
    readonly keeping: readonly string[];
  },
): StepMessage {
  const { step, analysis } = prepared;
  const traps = closingTraps(analysis);
  builder
    .own('after', segment.modes?.readOnly === true ? readOnly.after : [])
    .own('after', settling)
    .own('after', checkLooks(analysis, step.file, segment))
    .own('after', traps.before);
  if (end.recording !== undefined) builder.own('after', leaving).own('after', end.keeping);
  const recordedAt = builder.commands;
  const done = statementArrays(analysis.statements, timedGroups(segment));
  const { together } = end.recording ?? {};
  if (end.recording !== undefined && together !== undefined) {
    const recorded = { head: end.recording.head, done, traits: traits(analysis, segment) };
    const commands = recordTogether({ step, analysis }, end.position, together, recorded);
    return { ...builder.own('after', commands).build(), recordedAt };
  }
  const options = [end.position.run, step.id, step.direction].map(quoteLiteral).join(', ');
  builder.own('after', [
    end.recording === undefined
      ? `SELECT godwit.note_done(${options}, ${done}, ${traits(analysis, segment)})`
      : record(
          step,
          end.position.run,
          end.recording,
          `${done}, ${end.recording.durable !== false}, ${traits(analysis, segment)}`,
        ),
  ]);
  return { ...builder.own('after', [...traps.behind, 'COMMIT']).build(), recordedAt };
}

/** For a migration whose statements were noted before, or that was not executed. */
export const noStatements = (after: number): string => `${after}, NULL, NULL, NULL, NULL`;

/** The call that makes a migration part of the history. `kind` where it was not executed. */
export function record(
  step: Pick<PlanStep, 'id' | 'name' | 'file' | 'checksum' | 'direction'> & {
    readonly kind?: 'adopted' | 'baseline' | 'squashed';
  },
  run: string,
  recording: Recording,
  statements: string,
): string {
  const kind = step.kind ?? kindOf(step);
  const values = [
    run,
    kind,
    step.id,
    step.name,
    step.file,
    step.checksum,
    recording.head,
    recording.nextStarted,
    step.direction,
  ];
  return `SELECT godwit.record(${values.map(quoteLiteral).join(', ')}, ${statements}${ofSet(step.id)})`;
}

/** Statements that only create or describe something. */
const makesOnly = /^(CREATE|COMMENT|GRANT|REVOKE|SET|RESET)\b/;
/** Statements that cannot run user code, which might open a subtransaction. */
const plainDefinition = /^(CREATE|ALTER|DROP|COMMENT|GRANT|REVOKE|SET|RESET|TRUNCATE)\b/;

/** May it change existing rows, or how they are read? */
export function mayTouchRows({ does }: Pick<PlanStep, 'does'>): boolean {
  return does.some(({ tag }) => !makesOnly.test(tag));
}

/**
 * Whether statements may drop what the baseline knows, and whether they may open subtransactions: only then the server
 * checks. Arguments of `note_done` and `record`.
 */
function traits({ statements }: Analysis, { first, last }: Segment): string {
  const own = statements.slice(first, last + 1);
  const drops = own.some(({ tag, opaque }) => opaque || !makesOnly.test(tag));
  const nests = own.some(({ tag, opaque }) => opaque || !plainDefinition.test(tag));
  return `${drops}, ${nests}`;
}

/**
 * The file's own SET and RESET statements before `first`, in their order; also `SELECT set_config(…, false)`, as dumps
 * write it. Every message begins with the settings as at start-up, so settings of earlier segments are set again.
 */
export async function settingsBefore(
  prepared: Pick<PreparedStep, 'analysis' | 'body'>,
  first: number,
): Promise<readonly string[]> {
  const texts: string[] = [];
  const { statements } = prepared.analysis;
  const undone = undoneIn(statements);
  for (const [index, statement] of statements.slice(0, first).entries()) {
    const { tag, count, leaves } = statement;
    const calls = tag === 'SELECT' && count === 1 && leaves?.includes('settings') === true;
    if (undone.has(index) || (tag !== 'SET' && tag !== 'RESET' && !calls)) continue;
    const text = await statementText(prepared.body, statement);
    const own = text.slice(statement.head - statement.start);
    if (calls ? setsSession.test(own) : !/^set\s+local\b/i.test(own)) texts.push(`${text}\n`);
  }
  return texts;
}

const setsSession =
  /^select\s+(?:pg_catalog\s*\.\s*)?set_config\s*\(\s*'[^']*'\s*,\s*'[^']*'\s*,\s*(?:false|'f(?:alse)?')\s*\)$/i;

/** A statement in the user's own bytes, its comments included. */
export async function statementText(
  body: PreparedStep['body'],
  statement: Pick<Statement, 'start' | 'end'>,
): Promise<string> {
  return new TextDecoder().decode(await body.read(statement.start, statement.end));
}
