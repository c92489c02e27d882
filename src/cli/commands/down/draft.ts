import { fault } from '../../../kit/fault.ts';
import type { Finding } from '../../../kit/finding.ts';
import { draftDownFile, type DraftedFile } from '../../../operations/draft-down-file.ts';
import type { Context, Result } from '../../command.ts';
import { openProjectOf } from '../../execute.ts';
import { progressOn } from '../../progress.ts';
import { failed } from '../../result.ts';
import { countOf } from '../../screen/format.ts';

/** The typed options. */
interface TypedDraft {
  readonly version: string;
  readonly write: boolean;
  readonly major: number | undefined;
}

/** `godwit down --draft VERSION`: writes the draft to standard output or a file, and its proof to standard error. */
export async function draftDown(context: Context, { version, write, major }: TypedDraft): Promise<Result> {
  const { screen, signal } = context;
  const opened = await openProjectOf(context);
  if (!opened.ok) return failed(opened.findings);
  for (const finding of opened.value.findings) context.tell(finding);
  const showProgress = progressOn(context);
  const drafted = await draftDownFile(opened.value, {
    version,
    write,
    ...(major === undefined ? {} : { major }),
    onProgress: (text, step) => (step === 'step' ? screen.passing(text) : showProgress(text, step)),
    signal,
  });
  screen.settle();
  if (!drafted.ok) return failed(drafted.findings);
  return show(context, drafted.value);
}

function show(context: Context, file: DraftedFile): Result {
  const { screen } = context;
  const { draft, written, label, major, version, findings } = file;
  const { text, objects, unproven, gaps } = draft;
  for (const finding of findings) screen.finding(finding);
  if (screen.json)
    screen.event({ kind: 'draft', version, file: label, sql: text, written, major, objects, unproven, gaps });
  else if (!written) screen.product(text);
  const proven = draft.failed === undefined ? objects - unproven.length : 0;
  const { green, red, magenta } = screen.style;
  if (written) screen.say(`${green('✔ written')} ${label}`);
  for (const { kind, name, why } of draft.failed === undefined ? unproven : [])
    screen.say(`${red('✘')} ${kind} ${name}: ${why}`);
  for (const gap of gaps) screen.say(`${magenta('▲')} ${gap}`);
  const by = `by rehearsal on PostgreSQL ${major}: ${proven} of ${countOf(objects, 'object')} ${objects === 1 ? 'is' : 'are'} as before`;
  if (draft.failed === undefined && unproven.length === 0) {
    screen.say(`${green('✔')} Proven ${by}.`);
    return ended(context, []);
  }
  const why = draft.failed === undefined ? `Tried ${by}.` : `It fails on PostgreSQL ${major}: ${draft.failed.why}`;
  const line = draft.failed?.where?.line;
  const where = { file: label, ...(line === undefined ? {} : { line }) };
  return ended(context, [fault('draft-not-proven', { why, where })]);
}

/** With --json, the command ends like a run: with the closing event. */
function ended({ screen }: Context, findings: readonly Finding[]): Result {
  const { exitCode, outcome } = findings.length === 0 ? { exitCode: 0, outcome: 'done' } : failed(findings);
  if (!screen.json) return { exitCode, outcome, findings };
  for (const finding of findings) screen.event({ kind: 'finding', finding });
  const closing = { run: '', outcome: outcome as 'done', exitCode, events: findings.length + 2, ms: 0 };
  screen.event({ kind: 'run.finished', ...closing });
  return { exitCode, outcome, findings: [] };
}
