import { fault } from '../../kit/fault.ts';
import { err, ok, type Outcome } from '../../kit/outcome.ts';
import type { AcceptRequest } from '../../operations/tasks.ts';
import { verifyQuestion, whetherAsStated } from '../../operations/questions.ts';
import { ofAnyDatabase, verifyTask } from '../../operations/tasks.ts';
import { defineCommand, type Run } from '../command.ts';
import { operationOf, withProject } from '../execute.ts';
import { look } from '../../operations/look-up.ts';
import { asOfData } from '../known.ts';
import { firstTyped } from '../../kit/option-name.ts';
import { namesFleet, withoutFleet } from '../fleet/named.ts';
import { databases, databasesQuery, parallel, schemasQuery } from '../options/fleet.ts';
import { text, texts, type ValuesOf } from '../options/kinds.ts';
import { file, fresh, strict } from '../options/shared.ts';
import { failed } from '../result.ts';
import { checkAdvice, checkLines, checkSummary } from '../screen/checks.ts';

export const spec = defineCommand({
  name: 'verify',
  summary: 'Check that the database is what the applied migrations made it',
  about: [
    'With --accept, a change that was made by hand and may stay becomes part of the baseline: the difference is recorded as a run of its own, with the reason, and `verify` no longer reports it. OBJECT is a name as `verify` prints it, optionally with the kind before it; `*` matches any characters, `?` matches one.',
  ],
  options: {
    strict,
    file,
    fresh,
    accept: texts('OBJECT', 'take this difference into the baseline; may be repeated'),
    reason: text('TEXT', 'with --accept: why the difference may stay; stored in the history'),
    databases,
    databasesQuery,
    schemasQuery,
    parallel,
  },
  examples: [
    { type: 'godwit verify', does: 'lists every object that was changed outside godwit; exit code 50' },
    { type: 'godwit verify -e prod --strict --json', does: 'for a nightly job' },
    {
      type: 'godwit verify --accept public.users_email_idx --reason "index added by the DBA"',
      does: 'the index now belongs to the baseline',
    },
  ],
});

export const run: Run<typeof spec> = async (context) => {
  const { options } = context;
  const { databases, databasesQuery, schemasQuery, parallel } = options;
  if (namesFleet({ databases, databasesQuery, schemasQuery }))
    return await (await import('../fleet/verify.ts')).verifyDatabases(context, options);
  const known = withoutFleet({ parallel });
  if (!known.ok) return failed(known.findings);
  const request = acceptRequest(options);
  if (!request.ok) return failed(request.findings);
  if (request.value !== undefined) return await (await import('./verify/accept.ts')).accept(context, request.value);
  const { file, fresh, strict } = options;
  return await withProject(context, { file, fresh, first: () => ({ kind: 'verify' }) }, async (ready) => {
    const { screen } = context;
    const terms = { strict, ignore: ready.project.environment.ignore };
    const question = file === undefined ? whetherAsStated(ready.wired.bundle.hash, terms) : undefined;
    const looking = verifyTask(ready.project, ready.actor, { strict });
    const task = strict ? looking : ofAnyDatabase(looking);
    screen.live('checking the database');
    const execution = await look(operationOf(context, ready), {
      task,
      name: verifyQuestion(terms),
      ...(question === undefined ? {} : { question }),
    });
    if (execution.events.length === 0) return failed(execution.findings);
    const checks = execution.events.flatMap((event) => (event.kind === 'checks' ? event.checks : []));
    const { exitCode, outcome, findings } = execution;
    const isAnswered = exitCode === 0 || exitCode === 50;
    if (isAnswered || checks.length > 0)
      screen.answer('', ...checkLines(checks, screen.style), ...checkAdvice(checks, screen.style));
    const symbol = exitCode === 0 ? screen.style.green('✔') : screen.style.red('✘');
    if (isAnswered) {
      screen.answer(
        outcome === 'nothing-to-do'
          ? `${symbol} Nothing is applied: nothing to verify.`
          : `${symbol} ${checkSummary(checks)}.`,
      );
    }
    return { exitCode, outcome, findings, data: { checks, ...asOfData(execution.known) } };
  });
};

/** Reads `--accept OBJECT --reason TEXT`; undefined: the command accepts nothing and only verifies. */
function acceptRequest(options: ValuesOf<typeof spec.options>): Outcome<Omit<AcceptRequest, 'approved'> | undefined> {
  const objects = options.accept.map((object) => object.trim());
  const reason = options.reason?.trim() ?? '';
  if (objects.length === 0) {
    if (options.reason === undefined) return ok(undefined);
    return err(fault('wrong-usage', { why: '--reason belongs to --accept: it says why a difference may stay.' }));
  }
  const { strict, fresh, file } = options;
  const other = firstTyped({ strict, fresh, file });
  if (other !== undefined)
    return err(
      fault('wrong-usage', { why: `--accept and ${other} cannot be combined: --accept takes what differs now.` }),
    );
  if (reason === '') return err(fault('accept-without-reason'));
  if (objects.includes('')) return err(fault('wrong-usage', { why: '--accept needs the name of an object.' }));
  return ok({ objects, reason });
}
