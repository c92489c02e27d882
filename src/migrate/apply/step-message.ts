import { quoteLiteral } from '../../sql/quote.ts';
import { guardSetting, lockSettings } from '../courtesy/lock-settings.ts';
import type { Analysis, PlanStep, Segment, Statement } from '../model.ts';
import { leaving, MessageBuilder, opening, settling, statementArrays, timedGroups, type Message } from './message.ts';
import { kindOf, type PreparedStep } from './prepared.ts';
import { closingTraps } from './session-traps.ts';

/** Where in the history a message stands. */
export interface Position {
  readonly run: string;
  readonly epoch: string;
  readonly head: string;
}

/** The end of a migration: the new head, and the migration whose start is noted along with it (or none). */
export interface Recording {
  readonly head: string;
  readonly nextStarted: string;
  /**
   * False: its COMMIT does not wait for the disk, because one behind it in the same pipeline will. The server's log
   * keeps their order, so a crash loses the later ones with their records, never one in between.
   */
  readonly durable?: boolean;
}

/** A message with the index of the command whose result is the migration's duration in milliseconds. */
export interface StepMessage extends Message {
  readonly recordedAt: number;
}

/** One segment of a migration as one message: opening, the user's statements with the clock between, closing. */
export async function segmentMessage(
  prepared: PreparedStep,
  segment: Segment,
  position: Position,
  recording: Recording | undefined,
): Promise<StepMessage> {
  const { analysis, body } = prepared;
  const guards = guarding(prepared, segment, 'before');
  const builder = new MessageBuilder()
    .own('before', opening(position.epoch, position.head, analysis))
    .own('before', await settingsBefore(prepared, segment.first))
    .own('before', guards);
  const start = analysis.statements[segment.first]?.start ?? 0;
  const bytes = await body.read(start, analysis.statements[segment.last]?.end ?? 0);
  const decoder = new TextDecoder();
  const waits = lockSettings(prepared, segment, guards.length > 0);
  for (const group of timedGroups(segment)) {
    if (group.first > segment.first) builder.tick();
    for (let index = group.first; index <= group.last; index += 1) {
      const statement = analysis.statements[index];
      if (statement === undefined) continue;
      const wait = waits.get(index);
      if (wait !== undefined) builder.own('after', [wait]);
      builder.user(index, decoder.decode(bytes.subarray(statement.start - start, statement.end - start)), statement);
    }
  }
  return close(builder, prepared, segment, { position, recording });
}

/** Godwit's own commands before or after the user's in this segment. */
export function guarding(prepared: PreparedStep, segment: Segment, when: 'before' | 'after'): readonly string[] {
  const { segments } = prepared.analysis;
  const index = segments.findIndex(({ first, last }) => first <= segment.first && segment.last <= last);
  const commands = prepared.guards.flatMap((guard) => (guard.segment === index ? guard[when] : []));
  return when === 'after' || commands.length === 0 ? commands : [...guardSetting(prepared), ...commands];
}

/** What ends a segment: settle, note the statements as done, record the migration if this was its last one, COMMIT. */
export function close(
  builder: MessageBuilder,
  prepared: PreparedStep,
  segment: Segment,
  end: { readonly position: Position; readonly recording: Recording | undefined },
): StepMessage {
  const { step, analysis } = prepared;
  const traps = closingTraps(analysis);
  builder
    .own('after', settling)
    .own('after', guarding(prepared, segment, 'after'))
    .own('after', traps.before);
  if (end.recording !== undefined) builder.own('after', leaving);
  const recordedAt = builder.commands;
  const done = statementArrays(analysis.statements, timedGroups(segment));
  const terms = [end.position.run, step.id, step.direction].map(quoteLiteral).join(', ');
  builder.own('after', [
    end.recording === undefined
      ? `SELECT godwit.note_done(${terms}, ${done}, ${traits(analysis, segment)})`
      : record(step, end.position.run, end.recording, `${done}, ${end.recording.durable !== false}, ${traits(analysis, segment)}`),
  ]);
  return { ...builder.own('after', [...traps.behind, 'COMMIT']).build(), recordedAt };
}

/** For a migration whose statements were noted before, or that was not executed. */
export const noStatements = (after: number): string => `${after}, NULL, NULL, NULL, NULL`;

/** The call that makes a migration part of the history. `kind` where it was not executed. */
export function record(
  step: Pick<PlanStep, 'id' | 'name' | 'file' | 'checksum' | 'direction'> & { readonly kind?: 'adopted' | 'baseline' },
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
  return `SELECT godwit.record(${values.map(quoteLiteral).join(', ')}, ${statements})`;
}

/** Statements that make or describe something and do no more. */
const makesOnly = /^(CREATE|COMMENT|GRANT|REVOKE|SET|RESET)\b/;
/** Statements that cannot run anything of the user's, in which a subtransaction could be. */
const plainDefinition = /^(CREATE|ALTER|DROP|COMMENT|GRANT|REVOKE|SET|RESET|TRUNCATE)\b/;

/**
 * Whether statements may drop what the baseline knows, and whether they may open subtransactions: only then the server is
 * asked. Arguments of `note_done` and `record`.
 */
function traits({ statements }: Analysis, { first, last }: Segment): string {
  const own = statements.slice(first, last + 1);
  const drops = own.some(({ tag, opaque }) => opaque || !makesOnly.test(tag));
  const nests = own.some(({ tag, opaque }) => opaque || !plainDefinition.test(tag));
  return `${drops}, ${nests}`;
}

/**
 * The file's own SET and RESET statements that stand before `first`, in their order. Every message begins with the
 * settings as at start-up, so what an earlier segment has set is set again.
 */
export async function settingsBefore(prepared: PreparedStep, first: number): Promise<readonly string[]> {
  const texts: string[] = [];
  for (const statement of prepared.analysis.statements.slice(0, first)) {
    if (statement.tag !== 'SET' && statement.tag !== 'RESET') continue;
    const text = await textOf(prepared.body, statement);
    if (!/^\s*set\s+local\b/i.test(text.slice(statement.head - statement.start))) texts.push(`${text}\n`);
  }
  return texts;
}

/** A statement in the user's own bytes, its comments included. */
export async function textOf(body: PreparedStep['body'], statement: Pick<Statement, 'start' | 'end'>): Promise<string> {
  return new TextDecoder().decode(await body.read(statement.start, statement.end));
}
